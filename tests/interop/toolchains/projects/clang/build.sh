clang++ -std=c++20 -O2 -Wall -Wextra -Werror -c sum.cpp -o sum.o
clang++ -pthread -o sum sum.o
./sum >result
