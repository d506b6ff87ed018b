python3 talk.py >result
