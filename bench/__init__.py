"""Measurements, run by hand: each prints figures and judges nothing."""
