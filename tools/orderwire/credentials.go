package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"orderwire/orders"
)

// CredentialsConfig says where the credentials of the order session lie, never what they are.
type CredentialsConfig struct {
	APIKeyEnv      string `toml:"api_key_env" comment:"NAME of the variable that holds the API key"`
	SecretEnv      string `toml:"secret_env" comment:"NAME of the variable that holds the secret, or"`
	SecretFile     string `toml:"secret_file" comment:"a file that only its owner can read (0600)"`
	PassphraseEnv  string `toml:"passphrase_env" comment:"NAME of the variable of a third credential, where the venue wants one"`
	Algorithm      string `toml:"algorithm" comment:"hmac-sha256; or hmac-sha512, ed25519, rsa-sha256, es256 for a session that logs on once or carries tokens"`
	SecretEncoding string `toml:"secret_encoding" comment:"text, base64 or pem"`
}

// named tells whether a key and a secret are pointed to.
func (c *CredentialsConfig) named() bool {
	return c.APIKeyEnv != "" && (c.SecretEnv != "" || c.SecretFile != "")
}

// check looks at the pointers, not at what they point to.
func (c *CredentialsConfig) check() error {
	for _, row := range []struct{ key, name string }{
		{"api_key_env", c.APIKeyEnv},
		{"secret_env", c.SecretEnv},
		{"passphrase_env", c.PassphraseEnv},
	} {
		if row.name != "" && !variableName(row.name) {
			return fmt.Errorf("credentials.%s is no NAME of a variable (A-Z, 0-9 and _): the credential itself does not belong into the file", row.key)
		}
	}
	if c.SecretEnv != "" && c.SecretFile != "" {
		return errors.New("credentials.secret_env and credentials.secret_file are both set: keep one")
	}
	if !oneOf(c.Algorithm, orders.AlgHMACSHA256, orders.AlgHMACSHA512, orders.AlgEd25519, orders.AlgRSASHA256, orders.AlgES256) {
		return fmt.Errorf("credentials.algorithm %q is none of hmac-sha256, hmac-sha512, ed25519, rsa-sha256, es256", c.Algorithm)
	}
	if !oneOf(c.SecretEncoding, "text", "base64", "pem") {
		return fmt.Errorf("credentials.secret_encoding %q is none of text, base64, pem", c.SecretEncoding)
	}
	return nil
}

// signer fetches the credentials and makes of them what signs. Errors name the place, never the value.
func (c *CredentialsConfig) signer() (*orders.Signer, error) {
	if !c.named() {
		return nil, errors.New("credentials.api_key_env and credentials.secret_env (or secret_file) are missing from the config file")
	}
	apiKey, err := fromEnv(c.APIKeyEnv)
	if err != nil {
		return nil, err
	}
	secret, err := c.secret()
	if err != nil {
		return nil, err
	}
	signer, err := c.signerOf(apiKey, secret)
	if err != nil {
		return nil, fmt.Errorf("credentials from %s and %s cannot be used: %w", c.APIKeyEnv, c.secretPlace(), err)
	}
	if c.PassphraseEnv == "" {
		return signer, nil
	}
	passphrase, err := secretFromEnv(c.PassphraseEnv)
	if err != nil {
		return nil, err
	}
	return signer.WithPassphrase(passphrase)
}

func (c *CredentialsConfig) signerOf(apiKey string, secret orders.Secret) (*orders.Signer, error) {
	if c.Algorithm != orders.AlgHMACSHA256 {
		return orders.NewLogonSigner(apiKey, c.Algorithm, secret, c.SecretEncoding)
	}
	switch c.SecretEncoding {
	case "text":
		return orders.NewHMACSigner(apiKey, secret)
	case "base64":
		return orders.NewEncodedHMACSigner(apiKey, secret, orders.SecretBase64)
	}
	return nil, fmt.Errorf("secret_encoding %q does not fit hmac-sha256: use text or base64", c.SecretEncoding)
}

func (c *CredentialsConfig) secretPlace() string {
	if c.SecretFile != "" {
		return c.SecretFile
	}
	return c.SecretEnv
}

func (c *CredentialsConfig) secret() (orders.Secret, error) {
	if c.SecretFile != "" {
		return secretFromFile(c.SecretFile)
	}
	return secretFromEnv(c.SecretEnv)
}

// variableName keeps to what shells export, in capitals: a pasted secret is hardly ever of that shape, so that the
// sentence "variable X is not set" does not print one.
func variableName(name string) bool {
	for i, b := range []byte(name) {
		if (b < 'A' || b > 'Z') && b != '_' && (i == 0 || b < '0' || b > '9') {
			return false
		}
	}
	return len(name) >= 1 && len(name) <= 64
}

// fromEnv takes a value from the environment. The name is no secret, the value is.
func fromEnv(name string) (string, error) {
	if !variableName(name) {
		return "", errors.New("the name of the variable that holds a secret must be of A-Z, 0-9 and _: give its name, not the secret")
	}
	text, ok := os.LookupEnv(name)
	if !ok {
		return "", fmt.Errorf("environment variable %s is not set: export the secret under that name", name)
	}
	if text == "" {
		return "", fmt.Errorf("environment variable %s is empty: export the secret under that name", name)
	}
	return text, nil
}

func secretFromEnv(name string) (orders.Secret, error) {
	text, err := fromEnv(name)
	if err != nil {
		return orders.Secret{}, err
	}
	return orders.NewSecret([]byte(text)), nil
}

// secretSizeMax bounds a secret file; an RSA key of 16384 bits in PEM has 13 kB.
const secretSizeMax = 64 << 10

// secretFromFile reads a secret from a regular file that nobody but its owner can open. One line end behind a one-line
// secret is an editor's, not a part of it.
func secretFromFile(path string) (orders.Secret, error) {
	file, err := os.Open(path)
	if err != nil {
		return orders.Secret{}, fmt.Errorf("secret file cannot be read: %w", err)
	}
	text, err := readPrivate(file)
	if err = errors.Join(err, file.Close()); err != nil {
		return orders.Secret{}, fmt.Errorf("secret file %s: %w", path, err)
	}
	defer clear(text)
	line := strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r")
	if strings.Contains(line, "\n") {
		return orders.NewSecret(text), nil // PEM
	}
	if line == "" {
		return orders.Secret{}, fmt.Errorf("secret file %s is empty", path)
	}
	return orders.NewSecret([]byte(line)), nil
}

// readPrivate checks the open file itself, so that nothing can be exchanged between the check and the read.
func readPrivate(file *os.File) ([]byte, error) {
	info, err := file.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("is no regular file")
	case info.Mode().Perm()&0o077 != 0:
		return nil, fmt.Errorf("has mode %04o, others can read it: run chmod 600 on it, and renew the secret if it was like that for long", info.Mode().Perm())
	case info.Size() > secretSizeMax:
		return nil, fmt.Errorf("is over %d bytes", secretSizeMax)
	}
	return io.ReadAll(io.LimitReader(file, secretSizeMax))
}
