package dynamodbstore

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"math"
)

// Page tokens are URL-safe base64 of: a version byte, 8 bytes that identify
// the query they belong to, and a position in its order. They carry no offset:
// a later page costs what the first one costs, and what is written meanwhile
// neither doubles nor hides anything.
const (
	tokenVersion = 1
	digestSize   = 8
)

type digest [digestSize]byte

// queryDigest identifies a query by its parts.
func queryDigest(parts ...string) digest {
	h := sha256.New()
	for _, p := range parts {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(p))))
		h.Write([]byte(p))
	}
	return digest(h.Sum(nil)[:digestSize])
}

func encodeToken(d digest, position []byte) string {
	b := append([]byte{tokenVersion}, d[:]...)
	return base64.URLEncoding.EncodeToString(append(b, position...))
}

// decodeToken returns the position of a token that belongs to the query.
func decodeToken(token string, d digest) ([]byte, error) {
	b, err := base64.URLEncoding.DecodeString(token)
	if err != nil {
		return nil, invalidf("Invalid page token, could not base64-decode")
	}
	if len(b) < 1+digestSize || b[0] != tokenVersion {
		return nil, invalidf("Invalid page token")
	}
	if digest(b[1:1+digestSize]) != d {
		return nil, invalidf("Invalid page token: it belongs to another query")
	}
	return b[1+digestSize:], nil
}

// historyToken is the position behind p in a history.
func historyToken(p point, d digest) string {
	b := binary.AppendVarint(nil, p.timestamp)
	b = binary.AppendVarint(b, p.step)
	return encodeToken(d, binary.BigEndian.AppendUint64(b, math.Float64bits(p.value)))
}

func parseHistoryToken(token string, d digest) (*point, error) {
	if token == "" {
		return nil, nil //nolint:nilnil // no token: from the start
	}
	b, err := decodeToken(token, d)
	if err != nil {
		return nil, err
	}
	r := reader{s: string(b)}
	p := point{timestamp: r.varint(), step: r.varint()}
	bits := r.take(8)
	if r.bad || r.s != "" {
		return nil, invalidf("Invalid page token")
	}
	p.value = math.Float64frombits(binary.BigEndian.Uint64([]byte(bits)))
	return &p, nil
}
