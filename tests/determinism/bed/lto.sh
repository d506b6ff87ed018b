echo 'int f(int x) { return x * 3; }' >f.c
echo 'int f(int); int main() { return f(2); }' >main.c
gcc -flto -O2 -c f.c main.c
gcc -flto -O2 f.o main.o -o program
cat f.o main.o program >result
