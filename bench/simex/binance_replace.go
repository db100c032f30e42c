package simex

const cancelReplaceParams = "cancelReplaceMode cancelNewClientOrderId cancelOrigClientOrderId cancelOrderId cancelRestrictions "

// cancelReplace cancels one order and places another; with STOP_ON_FAILURE the second only if the first went.
//
// Source: web-socket-api.md, Cancel and replace order: 409/-2021 when one half failed, 400/-2022 when both did.
func (s *binanceSession) cancelReplace(call *binanceCall) *refusal {
	mode := string(call.text("cancelReplaceMode"))
	if mode != "STOP_ON_FAILURE" && mode != "ALLOW_FAILURE" {
		return missing("cancelReplaceMode")
	}
	var p placement
	respond, why := s.placement(call, &p)
	if why != nil {
		return why
	}
	v := s.v
	v.mu.Lock()
	defer v.mu.Unlock()
	old, why := s.lookUp(call, "cancelOrderId", "cancelOrigClientOrderId")
	if why != nil {
		return why
	}
	var cancelled, placed []byte
	cancelFault := &refusal{counterCount, 400, -2011, "Unknown order sent.", 0}
	if old != nil && old.open() && old.instrument == p.instrument && old.account == p.account {
		cancelFault = nil
		old.cancelID = s.cancelName(call.text("cancelNewClientOrderId"))
		v.cancel(call.now, old, "replaced")
		cancelled = s.cancelResult(nil, old)
	}
	var placeFault *refusal
	if cancelFault == nil || mode == "ALLOW_FAILURE" {
		if placeFault = s.admitOrder(call, &p); placeFault == nil {
			o := v.place(call.now, &p, &Plan{})
			v.tally.add(cAcked)
			placed = append([]byte(nil), s.orderResult(o, respond)...)
		} else {
			placeFault.count(v)
		}
	}
	s.answerReplace(call, cancelled, placed, cancelFault, placeFault)
	v.publish(call.now, s.c, &Plan{})
	return nil
}

func (s *binanceSession) answerReplace(call *binanceCall, cancelled, placed []byte, cancelFault, placeFault *refusal) {
	word := func(done []byte, fault *refusal) string {
		switch {
		case done != nil:
			return "SUCCESS"
		case fault != nil:
			return "FAILURE"
		}
		return "NOT_ATTEMPTED"
	}
	half := func(dst, done []byte, fault *refusal) []byte {
		switch {
		case done != nil:
			return append(dst, done...)
		case fault != nil:
			dst = appendInt(append(dst, `{"code":`...), int64(fault.code))
			return append(appendQuoted(append(dst, `,"msg":`...), []byte(fault.text)), '}')
		}
		return append(dst, "null"...)
	}
	dst := append([]byte(`{"cancelResult":"`), word(cancelled, cancelFault)...)
	dst = append(append(dst, `","newOrderResult":"`...), word(placed, placeFault)...)
	dst = half(append(dst, `","cancelResponse":`...), cancelled, cancelFault)
	dst = append(half(append(dst, `,"newOrderResponse":`...), placed, placeFault), '}')
	switch {
	case cancelled != nil && placed != nil:
		s.reply(call, dst)
	case cancelled != nil || placed != nil:
		s.refuseWith(call, 409, `{"code":-2021,"msg":"Order cancel-replace partially failed.","data":`, dst)
	default:
		s.refuseWith(call, 400, `{"code":-2022,"msg":"Order cancel-replace failed.","data":`, dst)
	}
}

// refuseWith answers an error whose data say more.
func (s *binanceSession) refuseWith(call *binanceCall, status int, head string, data []byte) {
	body := append(append([]byte(head), data...), '}')
	if s.http != nil {
		s.http.respond(s, call, status, body, &Plan{})
		return
	}
	dst := append(s.c.text[:0], `{"id":`...)
	dst = appendInt(append(append(dst, call.id...), `,"status":`...), int64(status))
	dst = append(append(dst, `,"error":`...), body...)
	s.c.text = append(s.rateLimits(dst, call), '}')
	s.c.send(call.now, call.now, s.c.text)
}

// amend lowers the quantity of an open order, which keeps its place in the queue.
func (s *binanceSession) amend(call *binanceCall) *refusal {
	qty, why := s.number(call, "newQty")
	if why != nil {
		return why
	}
	v := s.v
	v.mu.Lock()
	defer v.mu.Unlock()
	o, why := s.named(call)
	if why != nil {
		return why
	}
	if o == nil || !o.open() {
		return &refusal{counterCount, 400, -2038, "The requested action would not change the order.", 0}
	}
	if qty == 0 || qty%o.instrument.step != 0 {
		return &refusal{cBadNumbers, 400, -1013, "Filter failure: LOT_SIZE", 0}
	}
	if qty >= o.qty || qty <= o.done {
		return &refusal{cRejected, 400, -2038, "The requested action would not lower the quantity.", 0}
	}
	o.qty = qty
	v.tell(call.now, eventReplaced, o, execution{})
	dst := s.stamp([]byte(`{"transactTime":`), call.now)
	dst = appendInt(append(dst, `,"executionId":`...), v.nextReport())
	dst = append(s.orderStatus(append(dst, `,"amendedOrder":`...), o), '}')
	s.reply(call, dst)
	v.publish(call.now, s.c, &Plan{})
	return nil
}
