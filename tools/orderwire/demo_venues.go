package main

import (
	"orderwire/orders"
)

// demoVenue is what a demo at one exchange differs in: the symbol as the embedded exchange lists it, and the key.
type demoVenue struct {
	symbol   string
	decimals uint8 // of a price
	quantity uint8 // decimals of a quantity
	tick     string
	pool     int    // HTTP connections beside the first: one order is in flight on each
	start    string // what starts the replay: the connection, or the first subscription
	signer   func(s *simProcess) (*orders.Signer, error)
}

var demoVenues = map[string]demoVenue{
	"binance":      {symbol: "BTCUSDT", decimals: 2, quantity: 5, tick: "0.01", start: "connect", signer: hmacSigner},
	"binance-usdm": {symbol: "BTCUSDT", decimals: 2, quantity: 3, tick: "0.01", start: "connect", signer: hmacSigner},
	"bybit":        {symbol: "BTCUSDT", decimals: 2, quantity: 3, tick: "0.01", start: "subscribe", signer: hmacSigner},
	"coinbase":     {symbol: "BTC-USD", decimals: 2, quantity: 8, tick: "0.01", start: "subscribe", pool: 8, signer: coinbaseSigner},
	"kraken":       {symbol: "BTC/USD", decimals: 2, quantity: 8, tick: "0.01", start: "subscribe", signer: krakenSigner},
}

// settle puts the venue's symbol and decimals into a configuration.
func (v *demoVenue) settle(c *Config) {
	c.Market.Symbols = []string{v.symbol}
	for i := range c.Armed {
		c.Armed[i].Symbol, c.Armed[i].PriceDecimals, c.Armed[i].QuantityDecimals = v.symbol, v.decimals, v.quantity
	}
	c.Whale.Tick = v.tick
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

func krakenSigner(s *simProcess) (*orders.Signer, error) {
	return orders.NewLogonSigner(s.key, orders.AlgHMACSHA512, orders.NewSecret([]byte(s.secret)), "base64")
}
