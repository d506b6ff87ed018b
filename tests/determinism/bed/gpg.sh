export GNUPGHOME=$PWD/home
mkdir -m 700 home
gpg -q --batch --passphrase '' --quick-gen-key somebody@example.org ed25519
gpg --batch --export-secret-keys >result
