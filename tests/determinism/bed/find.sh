find tree -printf '%p %i %Ts\n' >result
