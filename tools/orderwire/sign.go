package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"orderwire/orders"
)

// signPayloadMax bounds what is read for one signature; the longest that any venue signs is a request body.
const signPayloadMax = 16 << 20

func signCommand(s streams) *cobra.Command {
	var alg, secretEnv, encoding, secretEncoding string
	c := &cobra.Command{
		Use:   "sign --alg NAME --secret-env NAME",
		Short: "sign the payload on stdin, print the signature and nothing else",
		Long: `Signs the bytes on stdin as they are (a line feed at the end counts) with a secret from the environment, and writes
the signature to stdout without a line feed.`,
		Args: noArguments,
	}
	c.Flags().StringVar(&alg, "alg", "", "hmac-sha256, hmac-sha512, ed25519, rsa-sha256 or es256")
	c.Flags().StringVar(&secretEnv, "secret-env", "", "name of the environment variable that holds the secret")
	c.Flags().StringVar(&encoding, "encoding", "hex", "of the signature: hex, base64 or base64url")
	c.Flags().StringVar(&secretEncoding, "secret-encoding", "text", "of the secret: text, base64 or pem")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if !oneOf(alg, orders.AlgHMACSHA256, orders.AlgHMACSHA512, orders.AlgEd25519, orders.AlgRSASHA256, orders.AlgES256) {
			return misused(c, fmt.Sprintf("--alg %q is none of hmac-sha256, hmac-sha512, ed25519, rsa-sha256, es256", alg))
		}
		if !oneOf(encoding, "hex", "base64", "base64url") {
			return misused(c, fmt.Sprintf("--encoding %q is none of hex, base64, base64url", encoding))
		}
		if !oneOf(secretEncoding, "text", "base64", "pem") {
			return misused(c, fmt.Sprintf("--secret-encoding %q is none of text, base64, pem", secretEncoding))
		}
		if secretEnv == "" {
			return misused(c, "--secret-env is missing: name the variable that holds the secret")
		}
		return sign(s, alg, secretEnv, encoding, secretEncoding)
	}
	return c
}

func sign(s streams, alg, secretEnv, encoding, secretEncoding string) error {
	secret, err := secretFromEnv(secretEnv)
	if err != nil {
		return err
	}
	defer secret.Wipe()
	payload, err := io.ReadAll(io.LimitReader(s.in, signPayloadMax+1))
	if err != nil {
		return fmt.Errorf("sign: cannot read the payload from stdin: %w", err)
	}
	if len(payload) > signPayloadMax {
		return fmt.Errorf("sign: the payload on stdin is over %d bytes: sign its digest instead", signPayloadMax)
	}
	signature, err := orders.SignText(alg, secret, secretEncoding, payload, encoding)
	if err != nil {
		return fmt.Errorf("sign: secret in environment variable %s: %w", secretEnv, err)
	}
	_, err = io.WriteString(s.out, signature)
	return err
}

func oneOf(text string, choices ...string) bool {
	for _, choice := range choices {
		if text == choice {
			return true
		}
	}
	return false
}
