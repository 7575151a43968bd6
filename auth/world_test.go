package auth

import (
	"context"
	"encoding/base64"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a directory of users as one server sees it: what is stored, and what
// the server knows of changes. Its clock stands unless it is moved.
type world struct {
	mu      sync.Mutex
	time    time.Time
	stored  int64           // newest change
	known   int64           // newest change that this server knows
	changes map[int64]int64 // of each user
	users   map[string]Credentials
	tokens  map[string]StoredToken
	origins map[Origin]Credentials

	reads  int
	down   error
	onRead func() // called behind each read, before it returns
}

func newWorld() *world {
	return &world{
		time: time.Unix(1_800_000_000, 0), changes: map[int64]int64{}, users: map[string]Credentials{},
		tokens: map[string]StoredToken{}, origins: map[Origin]Credentials{},
	}
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.time
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.time = w.time.Add(d)
}

// change changes a user, or makes one. The server knows of it at once if it has
// done it itself.
func (w *world) change(name string, here bool, f func(*Credentials)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.users[name]
	if c.ID == 0 {
		c.ID, c.Name = int64(len(w.users)+1), name
	}
	f(&c)
	w.commit(&c, here)
	w.users[name] = c
}

func (w *world) commit(c *Credentials, here bool) {
	w.stored++
	c.Epoch = w.stored
	w.changes[c.ID] = w.stored
	if here {
		w.known = w.stored
	}
}

// follow makes known what is stored.
func (w *world) follow() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.known = w.stored
}

func (w *world) Epoch(context.Context) (int64, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.known, nil
}

func (w *world) Changed(user, since int64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	at := w.changes[user]
	return at > since && at <= w.known
}

// read counts one, and lets a test do something behind it.
func (w *world) read() (unlock func()) {
	w.mu.Lock()
	w.reads++
	on := w.onRead
	return func() {
		w.mu.Unlock()
		if on != nil {
			on()
		}
	}
}

func (w *world) ByName(_ context.Context, name string) (Credentials, error) {
	defer w.read()()
	c, ok := w.users[name]
	if w.down != nil {
		return Credentials{}, w.down
	}
	if !ok {
		return Credentials{}, ErrNoUser
	}
	return c, nil
}

func (w *world) Rehash(_ context.Context, id int64, old, hash string) (Credentials, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for name, c := range w.users {
		if c.ID == id && c.Hash == old {
			c.Hash = hash
			w.commit(&c, true)
			w.users[name] = c
			return c, nil
		}
	}
	return Credentials{}, ErrNotReplaced
}

func (w *world) Token(_ context.Context, id string) (StoredToken, error) {
	defer w.read()()
	t, ok := w.tokens[id]
	if w.down != nil {
		return StoredToken{}, w.down
	}
	if !ok {
		return StoredToken{}, ErrNoUser
	}
	t.User = w.users[t.User.Name]
	return t, nil
}

func (w *world) ByOrigin(_ context.Context, o Origin, name string) (Credentials, error) {
	defer w.read()()
	if w.down != nil {
		return Credentials{}, w.down
	}
	if c, ok := w.origins[o]; ok {
		return w.users[c.Name], nil
	}
	if _, taken := w.users[name]; taken {
		return Credentials{}, ErrForbidden
	}
	c := Credentials{ID: int64(len(w.users) + 1), Name: name}
	w.commit(&c, true)
	w.users[name], w.origins[o] = c, c
	return c, nil
}

// testHash stands for a hash, where what is tested is not how they are computed.
// It looks like one that needs no other.
func testHash(password string) string {
	salt := base64.RawStdEncoding.EncodeToString([]byte((password + "0123456789abcdef")[:16]))
	return "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + dummyHash[len(dummyHash)-43:]
}

// server is what one server has of authenticators, over a world. It counts how
// often a password is hashed.
type server struct {
	*world
	verified *Verified
	limiter  *Limiter
	token    *Token
	basic    *Basic

	hashes    int
	onCompare func(password string) // called while a password is hashed
}

func newServer(tb testing.TB, w *world) *server {
	tb.Helper()
	v, err := NewVerified(w, w.now, 100, DefaultVerifiedRecheck)
	require.NoError(tb, err)
	s := &server{world: w, verified: v, limiter: NewLimiter(w.now)}
	peers := NewPeers([]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, true)
	s.token = NewToken(v, w, s.limiter, peers)
	s.basic = NewBasic(v, w, s.token, s.limiter, peers, slog.New(slog.DiscardHandler))
	s.basic.newHash = testHash
	s.basic.compareHash = func(hash, password string) (bool, error) {
		w.mu.Lock()
		s.hashes++
		on := s.onCompare
		w.mu.Unlock()
		if on != nil {
			on(password)
		}
		return hash == testHash(password) || hash == "old:"+password, nil
	}
	return s
}

// counts returns how many reads and hashes there were since the last time.
func (s *server) counts() [2]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := [2]int{s.reads, s.hashes}
	s.reads, s.hashes = 0, 0
	return n
}

func basicRequest(tb testing.TB, name, password string) *http.Request {
	tb.Helper()
	return requestFrom(tb, "192.0.2.1:4444", "Authorization", basicHeader(name+":"+password))
}

func basicHeader(plain string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(plain))
}

// requestFrom makes a request of a peer with pairs of names and values of headers.
func requestFrom(tb testing.TB, peer string, headers ...string) *http.Request {
	tb.Helper()
	r := httptest.NewRequestWithContext(tb.Context(), http.MethodGet, "/", http.NoBody)
	r.RemoteAddr = peer
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

const (
	rightPassword = "correct horse battery"
	wrongPassword = "incorrect horse battery"
)

// addUser makes a user with a password.
func (w *world) addUser(name, password string) {
	w.change(name, true, func(c *Credentials) { c.Hash = testHash(password) })
}
