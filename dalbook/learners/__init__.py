"""What is asked which clip to label next, and told its label; arrays only, no corpora."""
