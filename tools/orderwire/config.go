package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"orderwire/netpoll"
	"orderwire/orders"
	"orderwire/orders/market"
)

// Config is what a file for `run` says, checked and with its defaults in place: each value can be used as it is.
// Secrets are not in it, only where they lie.
type Config struct {
	Instance    InstanceConfig    `toml:"instance"`
	Loop        LoopConfig        `toml:"loop"`
	Credentials CredentialsConfig `toml:"credentials"`
	Orders      OrdersConfig      `toml:"orders"`
	Market      MarketConfig      `toml:"market"`
	Armed       []ArmedConfig     `toml:"armed"`
	Whale       *WhaleConfig      `toml:"whale,omitempty"`
	Paced       *PacedConfig      `toml:"paced,omitempty"`
	Risk        *RiskConfig       `toml:"risk,omitempty"`
	Limits      LimitsConfig      `toml:"limits"`
	Breaker     *BreakerConfig    `toml:"breaker,omitempty"`
}

// InstanceConfig says who this process is.
type InstanceConfig struct {
	IDPrefix string `toml:"id_prefix" comment:"1 to 3 of a-z and 0-9: tells our orders from all others of the account"`
	StateDir string `toml:"state_dir" comment:"folder of what must survive a restart (boot epoch, journal)"`
	Start    string `toml:"start" comment:"open orders of ours from earlier lives: adopt, cancel or refuse"`
	Mode     string `toml:"mode" comment:"dry_run sends to the venue's test call, or nothing; live sends orders"`
}

// LoopConfig is the pinned loop. Units are in the names.
type LoopConfig struct {
	CPU             int    `toml:"cpu" comment:"CPU of the loop; -1 pins nothing"`
	Backend         string `toml:"backend" comment:"auto, direct or ring"`
	MaxSendAgeUS    int    `toml:"max_send_age_us" comment:"a record that waits longer ends its connection"`
	ConnectMS       int    `toml:"connect_timeout_ms"`
	BackoffMinMS    int    `toml:"backoff_min_ms"`
	BackoffMaxMS    int    `toml:"backoff_max_ms"`
	MessageMaxBytes int    `toml:"message_max_bytes"`
	SlotCount       int    `toml:"slot_count"`
	SlotBytes       int    `toml:"slot_bytes"`
	TrackMax        int    `toml:"track_max" comment:"orders remembered at once"`
}

// OrdersConfig is the order connection. An empty URL is none.
type OrdersConfig struct {
	Venue    string      `toml:"venue"`
	URL      string      `toml:"url"`
	Profile  string      `toml:"profile" comment:"live, test (the venue's own test network) or sim (the embedded exchange on loopback)"`
	SettleMS int         `toml:"settle_ms" comment:"how long the venue may take to show in its answers what it has done: absence is believed only after it"`
	Trust    TrustConfig `toml:"trust"`
}

// MarketConfig is the market-data connection. An empty URL is none.
type MarketConfig struct {
	URL     string      `toml:"url"`
	Symbols []string    `toml:"symbols"`
	Trust   TrustConfig `toml:"trust"`
}

// TrustConfig is whom one endpoint trusts.
type TrustConfig struct {
	Mode      string   `toml:"mode" comment:"system, pin or hybrid"`
	RootsFile string   `toml:"roots_file" comment:"PEM file of the only authorities; empty: the system's"`
	Pins      []string `toml:"pins" comment:"sha256/BASE64 of public keys of the chain, a backup among them"`
	Hello     string   `toml:"hello" comment:"golang, chrome or firefox"`
}

// ArmedConfig is one order that is compiled when cold.
type ArmedConfig struct {
	Symbol           string `toml:"symbol"`
	Side             string `toml:"side" comment:"buy or sell"`
	Type             string `toml:"type" comment:"limit, market or post_only"`
	TimeInForce      string `toml:"time_in_force" comment:"gtc, ioc or fok"`
	PriceDecimals    uint8  `toml:"price_decimals"`
	QuantityDecimals uint8  `toml:"quantity_decimals"`
	WindowMS         int    `toml:"window_ms" comment:"how long the venue may take to accept it; 0: the dialect's default"`
}

// WhaleConfig is the strategy that follows sweeps.
type WhaleConfig struct {
	ThresholdQuote string `toml:"threshold_quote" comment:"notional from which the prints of one sweep are a whale's"`
	Quantity       string `toml:"quantity"`
	Tick           string `toml:"tick"`
	OffsetTicks    *int   `toml:"offset_ticks" comment:"how far beyond the print our limit lies"`
	CooldownMS     int    `toml:"cooldown_ms"`
}

// Modes of an instance and profiles of an endpoint.
const (
	modeDryRun = "dry_run"
	modeLive   = "live"

	profileLive = "live"
	profileTest = "test"
	profileSim  = "sim"
)

// whaleOffsetTicks is the default of whale.offset_ticks, which may also be 0.
const whaleOffsetTicks = 5

// configSizeMax bounds a config file: a long one has some kilobytes.
const configSizeMax = 1 << 20

// loadConfig reads a file. An error is a usageError of one sentence that names file, place and rule.
func loadConfig(path string) (*Config, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, usage("config file cannot be read: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(file, configSizeMax+1))
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, usage("config file %s cannot be read: %w", path, err)
	}
	if len(text) > configSizeMax {
		return nil, usage("config file %s is over %d bytes", path, configSizeMax)
	}
	return parseConfig(path, string(text))
}

// parseConfig turns text into a Config. path is only for sentences.
func parseConfig(path, text string) (*Config, error) {
	c := defaultConfig()
	decoder := toml.NewDecoder(strings.NewReader(text)).DisallowUnknownFields()
	if err := decoder.Decode(c); err != nil {
		return nil, usage("%s", tomlSentence(path, err))
	}
	if err := c.finish(); err != nil {
		return nil, usage("%s: %s", path, err)
	}
	return c, nil
}

func defaultConfig() *Config {
	return &Config{
		Instance: InstanceConfig{Mode: modeDryRun, Start: "adopt"},
		Loop: LoopConfig{
			CPU: cpuLast, Backend: "auto", MaxSendAgeUS: 5_000, ConnectMS: 10_000, BackoffMinMS: 250, BackoffMaxMS: 30_000,
			MessageMaxBytes: 1 << 20, SlotCount: 512, SlotBytes: 17 << 10, TrackMax: 1 << 16,
		},
		Credentials: CredentialsConfig{Algorithm: orders.AlgHMACSHA256, SecretEncoding: "text"},
		Orders:      OrdersConfig{Profile: profileLive, SettleMS: 15_000, Trust: defaultTrust()},
		Market:      MarketConfig{Symbols: []string{}, Trust: defaultTrust()},
		Armed:       []ArmedConfig{},
		Limits:      LimitsConfig{SharePercent: 95, CancelReservePercent: 10, Windows: []WindowConfig{}},
	}
}

func defaultTrust() TrustConfig {
	return TrustConfig{Mode: "system", Pins: []string{}, Hello: "golang"}
}

// cpuLast stands for the last CPU that the process may use, until finish.
const cpuLast = -2

// finish checks what was decoded, and fills in what depends on this machine.
func (c *Config) finish() error {
	if err := errors.Join(
		c.Instance.finish(),
		c.Loop.finish(),
		c.Credentials.check(),
		c.Orders.check(),
		c.Market.check(),
		c.Limits.check(),
		c.needs(),
	); err != nil {
		return firstOf(err)
	}
	for i := range c.Armed {
		if _, err := c.Armed[i].spec(); err != nil {
			return fmt.Errorf("armed number %d: %w", i+1, err)
		}
	}
	if c.Whale != nil {
		if err := c.Whale.finish(); err != nil {
			return err
		}
	}
	if c.Paced != nil {
		if err := c.Paced.finish(); err != nil {
			return err
		}
	}
	if c.Risk != nil {
		if err := c.Risk.check(); err != nil {
			return err
		}
	}
	if c.Breaker != nil {
		return c.Breaker.check()
	}
	return nil
}

// needs checks what one part asks of another.
func (c *Config) needs() error {
	switch {
	case c.Orders.URL == "" && c.Market.URL == "":
		return errors.New("orders.url and market.url are both missing: name at least one endpoint")
	case c.Orders.Venue == "":
		return errors.New("orders.venue is missing: name the exchange, for example binance")
	case len(c.Armed) > 0 && c.Orders.URL == "":
		return errors.New("armed orders need orders.url")
	case len(c.Armed) > 0 && c.Instance.IDPrefix == "":
		return errors.New("armed orders need instance.id_prefix")
	case len(c.Armed) > 0 && !c.Credentials.named():
		return errors.New("armed orders need credentials.api_key_env and credentials.secret_env (or secret_file)")
	case (c.Whale != nil || c.Paced != nil) && c.Market.URL == "":
		return errors.New("whale and paced need market.url")
	case c.Paced != nil && (c.Whale != nil || len(c.Armed) == 0):
		return errors.New("paced needs armed orders of its own: leave out whale")
	case len(c.Armed) > 1<<16:
		return errors.New("armed holds more than 65536 orders")
	}
	return nil
}

func (i *InstanceConfig) finish() error {
	for _, b := range []byte(i.IDPrefix) {
		if (b < 'a' || b > 'z') && (b < '0' || b > '9') {
			return fmt.Errorf("instance.id_prefix %q holds more than a-z and 0-9", i.IDPrefix)
		}
	}
	if len(i.IDPrefix) > 3 {
		return fmt.Errorf("instance.id_prefix %q is longer than 3 characters", i.IDPrefix)
	}
	if !oneOf(i.Mode, modeDryRun, modeLive) {
		return fmt.Errorf("instance.mode %q is neither dry_run nor live", i.Mode)
	}
	if !oneOf(i.Start, "adopt", "cancel", "refuse") {
		return fmt.Errorf("instance.start %q is none of adopt, cancel, refuse", i.Start)
	}
	if i.StateDir != "" {
		return nil
	}
	dir, err := defaultStateDir(os.Getenv)
	i.StateDir = dir
	return err
}

// defaultStateDir follows the XDG base directory specification; a relative XDG_STATE_HOME is to be ignored.
func defaultStateDir(env func(string) string) (string, error) {
	if base := env("XDG_STATE_HOME"); filepath.IsAbs(base) {
		return filepath.Join(base, "orderwire"), nil
	}
	if home := env("HOME"); filepath.IsAbs(home) {
		return filepath.Join(home, ".local", "state", "orderwire"), nil
	}
	return "", errors.New("instance.state_dir is missing, and neither XDG_STATE_HOME nor HOME names a folder: set it")
}

func (l *LoopConfig) finish() error {
	if !oneOf(l.Backend, "auto", "direct", "ring") {
		return fmt.Errorf("loop.backend %q is none of auto, direct, ring", l.Backend)
	}
	for _, row := range []struct {
		key         string
		value       int
		least, most int
	}{
		{"max_send_age_us", l.MaxSendAgeUS, 1, 1_000_000},
		{"connect_timeout_ms", l.ConnectMS, 1, 600_000},
		{"backoff_min_ms", l.BackoffMinMS, 1, 3_600_000},
		{"backoff_max_ms", l.BackoffMaxMS, l.BackoffMinMS, 3_600_000},
		{"message_max_bytes", l.MessageMaxBytes, 125, 64 << 20},
		{"slot_count", l.SlotCount, 16, 65_535},
		{"slot_bytes", l.SlotBytes, 17 << 10, 1 << 20},
		{"track_max", l.TrackMax, 1, 1 << 24},
	} {
		if row.value < row.least || row.value > row.most {
			return fmt.Errorf("loop.%s = %d is not in %d..%d", row.key, row.value, row.least, row.most)
		}
	}
	cpus, err := netpoll.Affinity()
	if err != nil {
		return err
	}
	if l.CPU == cpuLast {
		l.CPU = cpus[len(cpus)-1]
	}
	for _, cpu := range cpus {
		if l.CPU == cpu || l.CPU == -1 {
			return nil
		}
	}
	return fmt.Errorf("loop.cpu = %d is not among the CPUs that this process may use: %v (-1 pins nothing)", l.CPU, cpus)
}

// spec is the order in the words of the library.
func (a *ArmedConfig) spec() (orders.Spec, error) {
	sides := map[string]market.Side{"buy": market.Buy, "sell": market.Sell}
	types := map[string]orders.Type{"limit": orders.Limit, "market": orders.Market, "post_only": orders.PostOnly}
	times := map[string]orders.TIF{"": 0, "gtc": orders.GTC, "ioc": orders.IOC, "fok": orders.FOK}
	side, okSide := sides[a.Side]
	kind, okType := types[a.Type]
	tif, okTime := times[a.TimeInForce]
	switch {
	case a.Symbol == "":
		return orders.Spec{}, errors.New("symbol is missing")
	case !okSide:
		return orders.Spec{}, fmt.Errorf("side %q is neither buy nor sell", a.Side)
	case !okType:
		return orders.Spec{}, fmt.Errorf("type %q is none of limit, market, post_only", a.Type)
	case !okTime:
		return orders.Spec{}, fmt.Errorf("time_in_force %q is none of gtc, ioc, fok", a.TimeInForce)
	case a.PriceDecimals > 18 || a.QuantityDecimals > 18:
		return orders.Spec{}, errors.New("price_decimals and quantity_decimals are 0..18")
	case a.WindowMS < 0 || a.WindowMS > 60_000:
		return orders.Spec{}, fmt.Errorf("window_ms = %d is not in 0..60000", a.WindowMS)
	}
	return orders.Spec{
		Symbol: a.Symbol, Side: side, Type: kind, TIF: tif,
		PriceScale: a.PriceDecimals, QtyScale: a.QuantityDecimals, WindowMillis: a.WindowMS,
	}, nil
}

func (w *WhaleConfig) finish() error {
	for _, row := range []struct {
		key      string
		value    *string
		standard string
	}{
		{"threshold_quote", &w.ThresholdQuote, "100000"},
		{"quantity", &w.Quantity, "0.001"},
		{"tick", &w.Tick, "0.01"},
	} {
		if *row.value == "" {
			*row.value = row.standard
		}
		if _, err := positive(*row.value); err != nil {
			return fmt.Errorf("whale.%s = %q %w", row.key, *row.value, err)
		}
	}
	if w.OffsetTicks == nil {
		w.OffsetTicks = new(whaleOffsetTicks)
	}
	if ticks := *w.OffsetTicks; ticks < 0 || ticks > 1_000_000 {
		return fmt.Errorf("whale.offset_ticks = %d is not in 0..1000000", ticks)
	}
	if w.CooldownMS < 0 || w.CooldownMS > 86_400_000 {
		return fmt.Errorf("whale.cooldown_ms = %d is not in 0..86400000", w.CooldownMS)
	}
	return nil
}
