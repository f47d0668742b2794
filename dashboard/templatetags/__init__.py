"""What templates can do with plain values: icons, numbers, states, times, shapes, form fields, live regions."""
