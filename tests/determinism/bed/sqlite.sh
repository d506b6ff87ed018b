sqlite3 :memory: 'select hex(randomblob(16)), random(), datetime()' >result
