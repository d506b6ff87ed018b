{ echo $$; sh -c 'echo $$' & wait; } >result
