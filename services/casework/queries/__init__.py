"""What casework reads: boards, duties, people and the streams about a child."""
