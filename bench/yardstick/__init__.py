"""What people write when they book a seat with DRF, as little as it can be: the product is measured beside it."""
