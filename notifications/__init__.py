"""The notification engine: decides, delivers, follows and shows notifications."""
