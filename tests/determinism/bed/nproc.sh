nproc >result
