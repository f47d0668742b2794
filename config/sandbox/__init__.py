"""A simulator of Expo inside our own server, for people without a vendor account; on only by a setting."""
