from django.urls import path, re_path

from booking import calendar_views, desk_views, session_views, views, waitlist_views

reference = r"(?P<reference>[0-9A-Za-z]{8})"

urlpatterns = [
    path("config/", views.ConfigView.as_view(), name="config"),
    path("sessions/", session_views.SessionListView.as_view(), name="sessions"),
    path("sessions/<int:pk>/", session_views.SessionView.as_view(), name="session"),
    path("sessions/<int:pk>/cancel/", session_views.SessionCancelView.as_view(), name="session-cancel"),
    path("sessions/<int:pk>/roster/", desk_views.RosterView.as_view(), name="roster"),
    path("sessions/<int:pk>/book/", views.BookView.as_view(), name="book"),
    path("sessions/<int:pk>/waitlist/", waitlist_views.PlaceView.as_view(), name="place-in-line"),
    path("waitlist/", waitlist_views.WaitlistView.as_view(), name="waitlist"),
    path("bookings/", views.BookingListView.as_view(), name="bookings"),
    re_path(rf"^bookings/{reference}/$", views.BookingView.as_view(), name="booking"),
    re_path(rf"^bookings/{reference}/history/$", views.BookingHistoryView.as_view(), name="booking-history"),
    re_path(rf"^bookings/{reference}/sync/$", views.BookingSyncView.as_view(), name="booking-sync"),
    re_path(rf"^bookings/{reference}/cancellation/$", views.CancellationView.as_view(), name="booking-cancellation"),
    re_path(rf"^bookings/{reference}/cancel/$", views.BookingCancelView.as_view(), name="booking-cancel"),
    re_path(
        rf"^bookings/{reference}/calendar\.ics$", calendar_views.BookingCalendarView.as_view(), name="booking-calendar"
    ),
    re_path(rf"^bookings/{reference}/check-in/$", desk_views.CheckInView.as_view(), name="check-in"),
    path("calendar/", calendar_views.CalendarView.as_view(), name="calendar"),
    re_path(
        r"^calendar/(?P<token>[0-9A-Za-z_-]{43})\.ics$",
        calendar_views.CalendarFeedView.as_view(),
        name="calendar-feed",
    ),
]
