package main

import (
	"errors"
	"io"

	"orderwire/tlsio/record"
)

// talk is what happens on the connection after the handshake.
func (x *exchange) talk() error {
	o := x.options
	if o.exportLen > 0 {
		material, err := x.link.Export(o.exportLabel, o.context(), o.exportLen)
		if err != nil {
			return err
		}
		if err := x.write(material); err != nil {
			return err
		}
	}
	if o.sendAlert {
		_, err := x.socket.Write(x.link.AppendAlert(nil, alertSentOnOrder))
		return err
	}
	if o.differentSizes {
		for _, size := range []int{1, 255, 256, 257, 16383, 16384, 16385, 32767, 32768, 32769} {
			text := make([]byte, size)
			for i := range text {
				text[i] = 0x42
			}
			if err := x.write(text); err != nil {
				return err
			}
		}
	}
	if o.shimWritesFirst {
		for range o.repeatWrite {
			if err := x.write([]byte(o.initialWrite)); err != nil {
				return err
			}
		}
	}
	if !o.shimShutsDown {
		if err := x.echo(); err != nil {
			return err
		}
	}
	return x.shutdown()
}

// context is nil where none is used: in TLS 1.2 an empty context is another one than none.
func (o options) context() []byte {
	if !o.useExportContext {
		return nil
	}
	return append([]byte{}, o.exportContext...)
}

// echo reads, inverts and writes back until the runner ends its side.
func (x *exchange) echo() error {
	size := defaultReadSize
	if x.options.readSize > 0 {
		size = x.options.readSize
	}
	for {
		if x.options.keyUpdateBeforeRead {
			if err := x.updateKey(); err != nil {
				return err
			}
		}
		text, err := x.read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for len(text) > 0 {
			n := min(len(text), size)
			if x.options.keyUpdate {
				if err := x.updateKey(); err != nil {
					return err
				}
			}
			if err := x.write(invert(text[:n])); err != nil {
				return err
			}
			text = text[n:]
		}
	}
}

func invert(text []byte) []byte {
	out := make([]byte, len(text))
	for i, b := range text {
		out[i] = b ^ 0xff
	}
	return out
}

func (x *exchange) updateKey() error {
	out, err := x.link.AppendKeyUpdate(nil, false)
	if err != nil {
		return err
	}
	_, err = x.socket.Write(out)
	return err
}

// shutdown sends close_notify; if the flags want it, the runner's must come too.
func (x *exchange) shutdown() error {
	if !x.link.Finished() {
		if _, err := x.socket.Write(x.link.AppendAlert(nil, record.AlertCloseNotify)); err != nil {
			return err
		}
	}
	if !x.options.checkCloseNotify {
		return nil
	}
	for {
		data, err := x.read()
		switch {
		case errors.Is(err, io.EOF):
			return x.link.End()
		case err != nil:
			return err
		case len(data) > 0:
			return errors.New("application data after our close_notify")
		}
	}
}

// write sends application data in records, behind the control record that is due, if one is.
func (x *exchange) write(text []byte) error {
	control, err := x.link.AppendControl(nil)
	if err != nil {
		return err
	}
	if _, err := x.socket.Write(control); err != nil {
		return err
	}
	most := record.MaxPlaintext
	if x.options.maxSendFragment > 0 {
		most = min(most, x.options.maxSendFragment)
	}
	for len(text) > 0 {
		n := min(len(text), most)
		buf := make([]byte, record.MaxHead+n+record.MaxTail)
		copy(buf[record.MaxHead:], text[:n])
		from, to := x.link.SealInPlace(buf, record.MaxHead, n)
		if _, err := x.socket.Write(buf[from:to]); err != nil {
			return err
		}
		text = text[n:]
	}
	return nil
}

// read returns the next application data, or io.EOF at any end of the runner's side: like BoringSSL's shim it minds the manner
// only with -check-close-notify.
func (x *exchange) read() ([]byte, error) {
	for {
		ev, used, err := x.link.Next(x.in)
		if err != nil {
			return nil, err
		}
		if used == 0 {
			if err := x.fill(); err != nil {
				return nil, err
			}
			continue
		}
		data := append([]byte(nil), ev.Data...)
		x.in = append(x.in[:0], x.in[used:]...)
		switch ev.Kind {
		case record.EventData:
			return data, nil
		case record.EventCloseNotify:
			return nil, io.EOF
		case record.EventTicket, record.EventKeyUpdate:
			if err := x.link.Ticket(data); err != nil {
				return nil, err
			}
		}
	}
}

func (x *exchange) fill() error {
	piece := make([]byte, 4096)
	n, err := x.conn.Read(piece)
	x.in = append(x.in, piece[:n]...)
	if n > 0 {
		return nil
	}
	return err
}
