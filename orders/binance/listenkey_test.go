package binance_test

import (
	"errors"
	"testing"
	"time"

	"orderwire/orders/binance"
)

func TestListenKeyRequests(t *testing.T) {
	signer := hmacSigner(t)
	if r := new(binance.Dialect).ReportKey(signer); r != nil {
		t.Errorf("Spot asks for a listen key by %s %s", r.Method, r.Path)
	}
	usdm := &binance.Dialect{Product: binance.USDM}
	ask := usdm.ReportKey(signer)
	keep, every := usdm.KeepReportKey(signer)
	if ask.Method != "POST" || keep.Method != "PUT" || ask.Path != "/fapi/v1/listenKey" || keep.Path != ask.Path {
		t.Errorf("%s %s, %s %s", ask.Method, ask.Path, keep.Method, keep.Path)
	}
	for _, r := range [][][2]string{ask.Fields, keep.Fields} {
		if len(r) != 1 || r[0] != [2]string{"X-MBX-APIKEY", testKey} {
			t.Errorf("fields %q", r)
		}
	}
	if every > 30*time.Minute || every < time.Minute {
		t.Errorf("prolonged every %s: the key lives an hour", every)
	}
}

func TestReadListenKey(t *testing.T) {
	usdm := &binance.Dialect{Product: binance.USDM}
	path, err := usdm.ReadReportKey([]byte(`{"listenKey":"pqia91ma19a5s61cv6a81va65sdf19v8a65a1a5s61cv6a81va65sdf19v8a65a1"}`))
	if err != nil || path != "/private/ws/pqia91ma19a5s61cv6a81va65sdf19v8a65a1a5s61cv6a81va65sdf19v8a65a1" {
		t.Errorf("%q, %v", path, err)
	}
	for name, body := range map[string]string{
		"none": `{}`, "empty": `{"listenKey":""}`, "a path of its own": `{"listenKey":"a/../b"}`, "a query": `{"listenKey":"a?b=c"}`, "a line feed": `{"listenKey":"a\nb"}`,
	} {
		if _, err := usdm.ReadReportKey([]byte(body)); !errors.Is(err, binance.ErrMissing) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := usdm.ReadReportKey([]byte(`<html>`)); err == nil {
		t.Error("HTML was taken")
	}
}

func TestFuturesPaths(t *testing.T) {
	symbols := []string{"BTCUSDT", "ETHUSDT"}
	plain := &binance.Dialect{Product: binance.USDM}
	want := "/public/stream?streams=btcusdt@trade/btcusdt@bookTicker/btcusdt@depth@0ms/ethusdt@trade/ethusdt@bookTicker/ethusdt@depth@0ms"
	if got := plain.MarketPath(symbols); got != want || plain.MarketPaths(symbols) != nil {
		t.Errorf("%q, %q", got, plain.MarketPaths(symbols))
	}
	aggregated := &binance.Dialect{Product: binance.USDM, AggregateTrades: true}
	paths := aggregated.MarketPaths(symbols[:1])
	if len(paths) != 2 || paths[0] != "/public/stream?streams=btcusdt@bookTicker/btcusdt@depth@0ms" || paths[1] != "/market/stream?streams=btcusdt@aggTrade" {
		t.Errorf("%q", paths)
	}
	if spot := (&binance.Dialect{AggregateTrades: true}).MarketPaths(symbols); spot != nil {
		t.Errorf("Spot has %q", spot)
	}
}
