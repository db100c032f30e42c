package main

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"orderwire/tlsio"
)

// venues are the exchanges that a config can name.
var venues = []string{"binance", "binance-usdm", "bybit", "coinbase", "coinbase-advanced", "kraken"}

// check wants a venue that is known and a profile that fits the host.
func (o *OrdersConfig) check() error {
	if o.Venue != "" && !oneOf(o.Venue, venues...) {
		return fmt.Errorf("orders.venue %q is none of %s", o.Venue, strings.Join(venues, ", "))
	}
	if !oneOf(o.Profile, profileLive, profileTest, profileSim) {
		return fmt.Errorf("orders.profile %q is none of live, test, sim", o.Profile)
	}
	if err := within([]wholeNumber{{"orders.settle_ms", int64(o.SettleMS), 1, 600_000}}); err != nil {
		return err
	}
	if err := o.Trust.check("orders.trust"); err != nil {
		return err
	}
	if o.URL == "" {
		return nil
	}
	host, err := secureHost("orders.url", o.URL)
	if err != nil {
		return err
	}
	if o.Profile == profileSim && !loopback(host) {
		return fmt.Errorf("orders.profile = \"sim\" is for the embedded exchange, and %s is not a loopback address", host)
	}
	if o.Profile == profileTest && production(host) {
		return fmt.Errorf("orders.profile = \"test\" contradicts orders.url: %s is a live exchange", host)
	}
	return nil
}

// host is the authority of the URL, empty without one.
func (o *OrdersConfig) host() string {
	u, err := url.Parse(o.URL)
	if err != nil {
		return ""
	}
	return u.Host
}

// live tells whether orders over this endpoint would be executed for real: it counts as live unless it is marked.
func (o *OrdersConfig) live() bool { return o.URL != "" && o.Profile == profileLive }

func (m *MarketConfig) check() error {
	if err := m.Trust.check("market.trust"); err != nil {
		return err
	}
	if m.URL == "" {
		return nil
	}
	if _, err := secureHost("market.url", m.URL); err != nil {
		return err
	}
	if len(m.Symbols) == 0 {
		return errors.New("market.symbols is empty: name at least one, as the venue writes it")
	}
	for _, symbol := range m.Symbols {
		if symbol == "" || strings.ContainsAny(symbol, "/@?&# \t\n") {
			return fmt.Errorf("market.symbols: %q is no symbol", symbol)
		}
	}
	return nil
}

// secureHost accepts wss:// alone, without user, query and fragment, and returns the host.
func secureHost(key, text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil {
		return "", fmt.Errorf("%s is no URL: want wss://HOST[:PORT][/PATH]", key)
	}
	if u.User != nil {
		return "", fmt.Errorf("%s holds a user or password: credentials do not belong there", key)
	}
	if u.Scheme != "wss" {
		return "", fmt.Errorf("%s has the scheme %q: orders and prices travel over wss only", key, u.Scheme)
	}
	if u.Hostname() == "" || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("%s is not wss://HOST[:PORT][/PATH]", key)
	}
	return u.Hostname(), nil
}

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.Unmap().IsLoopback()
}

// The domains of live exchanges, and the words by which they name their test networks (exchange documentation, 2026-11).
var (
	liveDomains = []string{"binance.com", "binance.us", "bybit.com", "bytick.com", "kraken.com", "coinbase.com", "okx.com"}
	testWords   = []string{"testnet", "sandbox", "demo", "uat", "beta"}
)

// production tells whether host is known to be a live exchange.
func production(host string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	for _, domain := range liveDomains {
		name, ok := strings.CutSuffix(host, domain)
		if !ok || name != "" && !strings.HasSuffix(name, ".") {
			continue
		}
		for _, word := range strings.FieldsFunc(name, func(r rune) bool { return r == '.' || r == '-' }) {
			if oneOf(word, testWords...) {
				return false
			}
		}
		return true
	}
	return false
}

// check reads the pins and the mode; the roots are read when they are needed.
func (t *TrustConfig) check(key string) error {
	mode, err := tlsio.ParseTrustMode(t.Mode)
	if err != nil {
		return fmt.Errorf("%s.mode %q is none of system, pin, hybrid", key, t.Mode)
	}
	if !oneOf(t.Hello, string(tlsio.HelloGolang), string(tlsio.HelloChrome), string(tlsio.HelloFirefox)) {
		return fmt.Errorf("%s.hello %q is none of golang, chrome, firefox", key, t.Hello)
	}
	for i, text := range t.Pins {
		if _, err := tlsio.ParseSPKI(text); err != nil {
			return fmt.Errorf("%s.pins number %d is not sha256/BASE64 or 64 hex digits", key, i+1)
		}
	}
	if mode == tlsio.TrustPin && len(t.Pins) == 0 {
		return fmt.Errorf("%s.mode = \"pin\" needs %s.pins", key, key)
	}
	if mode == tlsio.TrustSystem && len(t.Pins) > 0 {
		return fmt.Errorf("%s.pins are not looked at with mode = \"system\": use pin or hybrid", key)
	}
	return nil
}

// tls is the trust for host in the words of the library. It reads the roots.
func (t *TrustConfig) tls(host string) (tlsio.Config, error) {
	mode, err := tlsio.ParseTrustMode(t.Mode)
	if err != nil {
		return tlsio.Config{}, err
	}
	roots, err := tlsio.LoadRoots(t.RootsFile)
	if err != nil {
		return tlsio.Config{}, err
	}
	pins := tlsio.PinSet{}
	for _, text := range t.Pins {
		key, err := tlsio.ParseSPKI(text)
		if err != nil {
			return tlsio.Config{}, err
		}
		pins.Add(host, tlsio.Pin{SPKI: key})
	}
	return tlsio.Config{
		ServerName: host, Hello: tlsio.Hello(t.Hello),
		Trust: tlsio.Trust{Mode: mode, Roots: roots, Pins: pins},
	}, nil
}
