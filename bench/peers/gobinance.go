package main

import (
	"fmt"
	"os"

	"github.com/adshao/go-binance/v2"
)

// goBinanceClient is the WebSocket order client of the most used Binance library.
type goBinanceClient struct {
	orders *binance.OrderCreateWsService
}

// newGoBinance points the library at the far end. It has no way to name a certificate authority; the system's bundle is
// read from the file that this variable names.
func newGoBinance(t *target) (client, error) {
	if err := os.Setenv("SSL_CERT_FILE", t.ca); err != nil {
		return nil, err
	}
	binance.BaseWsApiMainURL = t.url()
	orders, err := binance.NewOrderCreateWsService(t.key, t.secret)
	if err != nil {
		return nil, err
	}
	return &goBinanceClient{orders: orders}, nil
}

func (c *goBinanceClient) push(id uint64, price, qty int64) error {
	text := fmt.Sprintf("%010d", id)
	request := binance.NewOrderCreateWsRequest().Symbol("BTCUSDT").Side(binance.SideTypeBuy).Type(binance.OrderTypeLimit).
		TimeInForce(binance.TimeInForceTypeGTC).NewOrderRespType(binance.NewOrderRespTypeACK).NewClientOrderID("ow-" + text).
		Price(fmt.Sprintf("%d.%02d", price/100, price%100)).Quantity(fmt.Sprintf("%d.%05d", qty/100000, qty%100000))
	return c.orders.Do(text, request)
}

func (c *goBinanceClient) answer() (ack, error) {
	select {
	case message := <-c.orders.GetReadChannel():
		return plainAck(message)
	case err := <-c.orders.GetReadErrorChannel():
		return ack{}, err
	}
}

func (c *goBinanceClient) suite() string { return "?" } // the library does not tell
