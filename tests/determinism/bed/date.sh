date >result
