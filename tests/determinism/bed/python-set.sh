python3 -c 'print({str(i) for i in range(20)})' >result
