"""django-expo-notifications, as the bench runs it: in an environment of its own."""
