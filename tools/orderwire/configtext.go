package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"orderwire/orders/fixed"
)

// tomlSentence says where a file is wrong. The library's longer texts quote the line, and with it whatever stands
// there, maybe a secret: they are not used.
func tomlSentence(path string, err error) string {
	var unknown *toml.StrictMissingError
	if errors.As(err, &unknown) && len(unknown.Errors) > 0 {
		first := &unknown.Errors[0]
		row, column := first.Position()
		key := strings.Join(first.Key(), ".")
		more := ""
		if n := len(unknown.Errors) - 1; n > 0 {
			more = fmt.Sprintf(", and %d more", n)
		}
		return fmt.Sprintf("%s:%d:%d: unknown key %s%s%s", path, row, column, key, more, keyHint(key))
	}
	var wrong *toml.DecodeError
	if errors.As(err, &wrong) {
		row, column := wrong.Position()
		return fmt.Sprintf("%s:%d:%d: %s%s", path, row, column, wrongKey(wrong.Key()), plainType(wrong.Error()))
	}
	return fmt.Sprintf("%s: %v", path, err)
}

// plainType takes Go's names out of "toml: cannot decode TOML integer into struct field main.X.Y of type string".
func plainType(text string) string {
	text = strings.TrimPrefix(text, "toml: ")
	got, rest, ok := strings.Cut(strings.TrimPrefix(text, "cannot decode "), " into struct field ")
	_, want, okType := strings.Cut(rest, " of type ")
	if !ok || !okType {
		return text
	}
	return fmt.Sprintf("this is a %s, want a %s", got, strings.TrimPrefix(want, "main."))
}

func wrongKey(key toml.Key) string {
	if len(key) == 0 {
		return ""
	}
	return strings.Join(key, ".") + ": "
}

// keyHint helps with the two mistakes that people make: a secret in the file, and a unit left out.
func keyHint(key string) string {
	last := key[strings.LastIndexByte(key, '.')+1:]
	for _, word := range []string{"secret", "api_key", "apikey", "key", "password", "passphrase", "token"} {
		if strings.EqualFold(last, word) {
			return ": secrets do not belong into the file, name the variable (secret_env) or a 0600 file (secret_file)"
		}
	}
	for _, unit := range []string{"_ms", "_us", "_bytes", "_ppm", "_percent"} {
		if knownKeys[last+unit] {
			return ": it is called " + last + unit
		}
	}
	return ""
}

// knownKeys are the keys that end in a unit.
var knownKeys = map[string]bool{
	"max_send_age_us": true, "connect_timeout_ms": true, "backoff_min_ms": true, "backoff_max_ms": true,
	"message_max_bytes": true, "slot_bytes": true, "settle_ms": true, "window_ms": true, "cooldown_ms": true,
	"messages_window_ms": true, "duplicate_window_ms": true, "repeats_window_ms": true, "reference_max_age_ms": true,
	"ack_max_ms": true, "clock_bound_max_ms": true, "report_silence_max_ms": true, "rest_ms": true,
	"collar_ppm": true, "passive_ppm": true, "share_percent": true, "cancel_reserve_percent": true,
}

// positive reads a decimal number above zero.
func positive(text string) (fixed.Number, error) {
	n, err := fixed.Parse([]byte(text))
	if err != nil {
		return n, errors.New("is not a decimal number")
	}
	if n.Mantissa <= 0 {
		return n, errors.New("is not above zero")
	}
	return n, nil
}

// firstOf is the first of joined errors: a user mends one at a time.
func firstOf(err error) error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()[0]
	}
	return err
}
