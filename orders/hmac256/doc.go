// Package hmac256 is HMAC-SHA256 for messages whose key and whose front never change.
package hmac256
