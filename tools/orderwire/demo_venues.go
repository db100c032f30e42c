package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"orderwire/bench/simex"
	"orderwire/orders"
)

// demoVenue is what a demo at one exchange differs in: the symbol as the embedded exchange lists it, and the key.
type demoVenue struct {
	symbol   string
	decimals uint8 // of a price
	quantity uint8 // decimals of a quantity
	tick     string
	pool     int                    // HTTP connections beside the first: one order is in flight on each
	start    string                 // what starts the replay: the connection, or the first subscription
	secret   func() (string, error) // throw-away; nil: 32 random bytes in base64
	signer   func(s *simProcess) (*orders.Signer, error)
}

var demoVenues = map[string]demoVenue{
	"binance":      {symbol: "BTCUSDT", decimals: 2, quantity: 5, tick: "0.01", start: "connect", signer: hmacSigner},
	"binance-usdm": {symbol: "BTCUSDT", decimals: 2, quantity: 3, tick: "0.01", start: "connect", signer: hmacSigner},
	"bybit":        {symbol: "BTCUSDT", decimals: 2, quantity: 3, tick: "0.01", start: "subscribe", signer: hmacSigner},
	"coinbase":     {symbol: "BTC-USD", decimals: 2, quantity: 8, tick: "0.01", start: "subscribe", pool: 8, signer: coinbaseSigner},
	"coinbase-advanced": {
		symbol: "BTC-USD", decimals: 2, quantity: 8, tick: "0.01", start: "subscribe", pool: 8, secret: es256Secret, signer: advancedSigner,
	},
	"kraken": {symbol: "BTC/USD", decimals: 2, quantity: 8, tick: "0.01", start: "subscribe", signer: krakenSigner},
}

// settle puts the venue's symbol and decimals into a configuration.
func (v *demoVenue) settle(c *Config) {
	c.Market.Symbols = []string{v.symbol}
	for i := range c.Armed {
		c.Armed[i].Symbol, c.Armed[i].PriceDecimals, c.Armed[i].QuantityDecimals = v.symbol, v.decimals, v.quantity
	}
	c.Whale.Tick = v.tick
	for i := range c.Risk.Symbols {
		c.Risk.Symbols[i].Symbol = v.symbol
	}
}

func hmacSigner(s *simProcess) (*orders.Signer, error) {
	return orders.NewHMACSigner(s.key, orders.NewSecret([]byte(s.secret)))
}

func coinbaseSigner(s *simProcess) (*orders.Signer, error) {
	signer, err := orders.NewEncodedHMACSigner(s.key, orders.NewSecret([]byte(s.secret)), orders.SecretBase64)
	if err != nil {
		return nil, err
	}
	return signer.WithPassphrase(orders.NewSecret([]byte(s.passphrase)))
}

func advancedSigner(s *simProcess) (*orders.Signer, error) {
	return orders.NewLogonSigner(s.key, orders.AlgES256, orders.NewSecret([]byte(s.secret)), "pem")
}

// es256Secret is a fresh P-256 key in PEM, as Coinbase hands out its own.
func es256Secret() (string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", fmt.Errorf("a key for the demo cannot be made: %w", err)
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return "", fmt.Errorf("a key for the demo cannot be written: %w", err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})), nil
}

// es256Public is what the embedded exchange checks signatures of such a key with.
func es256Public(text string) (*simex.ES256Key, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("is no PEM text of an EC private key")
	}
	key, err := x509.ParseECPrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("is no EC private key of form SEC 1")
	}
	return &simex.ES256Key{Public: &key.PublicKey}, nil
}

func krakenSigner(s *simProcess) (*orders.Signer, error) {
	return orders.NewLogonSigner(s.key, orders.AlgHMACSHA512, orders.NewSecret([]byte(s.secret)), "base64")
}
