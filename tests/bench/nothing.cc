// The smallest program: what is measured around it is all of the sandbox.
int main() { return 0; }
