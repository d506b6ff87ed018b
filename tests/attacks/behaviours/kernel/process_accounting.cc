// Writes down all that the host does. The right is looked at before the file, which is not there.
#include "tests/attacks/behaviours/behaviour.h"

int main() { return behaviour::JudgeRights("acct", acct("/no-such-folder/no-such-file"), ENOENT); }
