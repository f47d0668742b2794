"""The bench: how fast Carillon is, beside django-expo-notifications and beside what the machine can do at all."""
