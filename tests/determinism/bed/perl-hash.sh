perl -e 'my %h = map { $_ => 1 } (1 .. 50); print keys %h' >result
