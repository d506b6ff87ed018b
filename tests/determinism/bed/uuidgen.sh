uuidgen >result
uuidgen --time >>result
