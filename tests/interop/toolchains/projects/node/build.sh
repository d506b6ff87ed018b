node --test
node squares.js >result
