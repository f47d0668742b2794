"""What must hold when workers are killed, frozen or stopped, answers are lost, and Redis is away: real processes."""
