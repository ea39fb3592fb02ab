"""What stands around the chapters: result tables, the player, the quizzes."""
