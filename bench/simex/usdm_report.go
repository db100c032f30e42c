package simex

// futuresOrder is one order in the form of every futures reply. fresh shows it as it was before it traded, as the
// ACK form does.
func (s *binanceSession) futuresOrder(dst []byte, o *order, fresh bool) []byte {
	done, value, state := o.done, o.value, o.state
	if fresh {
		done, value, state = 0, 0, stateNew
	}
	average := amount(0)
	if done > 0 {
		average = value.over(done)
	}
	dst = appendInt(append(dst, `{"orderId":`...), int64(o.id))
	dst = append(append(dst, `,"symbol":"`...), o.instrument.Symbol...)
	dst = append(append(dst, `","status":"`...), binanceStates[state]...)
	dst = appendQuoted(append(dst, `","clientOrderId":`...), []byte(o.client))
	dst = o.price.appendShort(append(dst, `,"price":"`...))
	dst = average.appendShort(append(dst, `","avgPrice":"`...))
	dst = o.qty.appendShort(append(dst, `","origQty":"`...))
	dst = done.appendShort(append(dst, `","executedQty":"`...))
	dst = done.appendShort(append(dst, `","cumQty":"`...))
	dst = value.appendShort(append(dst, `","cumQuote":"`...))
	dst = append(append(dst, `","timeInForce":"`...), futuresTIF(o)...)
	dst = append(append(dst, `","type":"`...), futuresType(o)...)
	dst = appendBool(append(dst, `","reduceOnly":`...), o.reduce)
	dst = append(append(dst, `,"closePosition":false,"side":"`...), binanceSides[o.side]...)
	dst = append(dst, `","positionSide":"BOTH","stopPrice":"0","workingType":"CONTRACT_PRICE","priceProtect":false,"origType":"`...)
	dst = append(append(dst, futuresType(o)...), `","priceMatch":"NONE","selfTradePreventionMode":"`...)
	dst = append(append(dst, binanceSelfTrade[o.stp]...), `","goodTillDate":0,"time":`...)
	dst = s.stamp(dst, o.created)
	return append(s.stamp(append(dst, `,"updateTime":`...), o.updated), '}')
}

func futuresType(o *order) string {
	if o.kind == marketOrder {
		return "MARKET"
	}
	return "LIMIT"
}

func futuresTIF(o *order) string {
	if o.post {
		return "GTX"
	}
	return binanceTIF[o.tif]
}

// publishFutures sends ORDER_TRADE_UPDATE, and TRADE_LITE ahead of it for trades.
func (b *binance) publishFutures(now int64, origin *Conn, plan *Plan) {
	for i := range b.v.events {
		e := &b.v.events[i]
		texts := [][]byte{b.orderUpdate(nil, now, e)}
		if e.kind == eventTrade {
			texts = [][]byte{b.tradeLite(nil, now, e), texts[0]}
		}
		for _, sub := range e.order.account.streams {
			for _, text := range texts {
				if sub.topic == "" { // a subscription on the WebSocket API itself
					text = append(append(append(appendInt([]byte(`{"subscriptionId":`), int64(sub.id)), `,"event":`...), text...), '}')
				}
				for range copies(plan) {
					sub.conn.deliver(now, now+plan.ReportDelay, origin, text)
				}
			}
		}
	}
}

func (b *binance) millis(dst []byte, now int64) []byte { return appendInt(dst, b.v.clock(now)/1e6) }

func (b *binance) orderUpdate(dst []byte, now int64, e *event) []byte {
	o := e.order
	average := amount(0)
	if e.done > 0 {
		average = e.value.over(e.done)
	}
	execType := binanceExecTypes[e.kind]
	if e.kind == eventReplaced {
		execType = "AMENDMENT"
	}
	dst = b.millis(append(dst, `{"e":"ORDER_TRADE_UPDATE","T":`...), o.updated)
	dst = b.millis(append(dst, `,"E":`...), now)
	dst = append(append(dst, `,"o":{"s":"`...), o.instrument.Symbol...)
	dst = appendQuoted(append(dst, `","c":`...), []byte(o.client))
	dst = append(append(dst, `,"S":"`...), binanceSides[o.side]...)
	dst = append(append(dst, `","o":"`...), futuresType(o)...)
	dst = append(append(dst, `","f":"`...), futuresTIF(o)...)
	dst = o.qty.appendShort(append(dst, `","q":"`...))
	dst = o.price.appendShort(append(dst, `","p":"`...))
	dst = average.appendShort(append(dst, `","ap":"`...))
	dst = append(append(dst, `","sp":"0","x":"`...), execType...)
	dst = append(append(dst, `","X":"`...), binanceStates[e.state]...)
	dst = appendInt(append(dst, `","i":`...), int64(o.id))
	dst = e.fill.qty.appendShort(append(dst, `,"l":"`...))
	dst = e.done.appendShort(append(dst, `","z":"`...))
	dst = e.fill.price.appendShort(append(dst, `","L":"`...))
	dst = b.millis(append(dst, `","N":"USDT","n":"0","T":`...), o.updated)
	dst = appendInt(append(dst, `,"t":`...), int64(e.fill.id))
	dst = appendBool(append(dst, `,"b":"0","a":"0","m":`...), e.fill.maker)
	dst = appendBool(append(dst, `,"R":`...), o.reduce)
	dst = append(append(dst, `,"wt":"CONTRACT_PRICE","ot":"`...), futuresType(o)...)
	dst = append(append(dst, `","ps":"BOTH","cp":false,"rp":"0","pP":false,"si":0,"ss":0,"V":"`...), binanceSelfTrade[o.stp]...)
	return append(dst, `","pm":"NONE","gtd":0}}`...)
}

func (b *binance) tradeLite(dst []byte, now int64, e *event) []byte {
	o := e.order
	dst = b.millis(append(dst, `{"e":"TRADE_LITE","E":`...), now)
	dst = b.millis(append(dst, `,"T":`...), o.updated)
	dst = append(append(dst, `,"s":"`...), o.instrument.Symbol...)
	dst = o.qty.appendShort(append(dst, `","q":"`...))
	dst = o.price.appendShort(append(dst, `","p":"`...))
	dst = appendBool(append(dst, `","m":`...), e.fill.maker)
	dst = appendQuoted(append(dst, `,"c":`...), []byte(o.client))
	dst = append(append(dst, `,"S":"`...), binanceSides[o.side]...)
	dst = e.fill.price.appendShort(append(dst, `","L":"`...))
	dst = e.fill.qty.appendShort(append(dst, `","l":"`...))
	dst = appendInt(append(dst, `","t":`...), int64(e.fill.id))
	return append(appendInt(append(dst, `,"i":`...), int64(o.id)), '}')
}
