package rest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestHosts(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{
		"localhost": true, "localhost:80": true, "127.0.0.1:5000": true, "[::1]:5000": true, "[::1]": true, "0.0.0.0": true,
		"10.1.2.3": true, "192.168.0.1:8080": true, "172.16.0.1": true, "172.32.0.1": false, "[fd00::1]:80": true,
		"example.com": false, "10.example.com": false, "localhost.example.com": false, "8.8.8.8": false, "": false, ":80": false,
	} {
		require.Equal(t, want, isOwnHost(host), host)
	}
	s := newServer(t, WithAllowedHosts("mlflow.example.com", "*.internal:*"), WithStaticPrefix("/x"))
	for host, want := range map[string]int{
		"mlflow.example.com": 400, "mlflow.example.com:80": 403, "a.internal:5": 400, "localhost": 403,
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/x/api/2.0/mlflow/runs/get", nil)
		r.Host = host
		w := newDiscard()
		s.ServeHTTP(w, r)
		require.Equal(t, want, w.status, host)
	}
}

func TestOrigins(t *testing.T) {
	t.Parallel()
	const path = "/api/2.0/mlflow/experiments/create"
	post := func(s *testServer, origin string) (int, string) {
		w := s.do(http.MethodPost, path, `{"name":"n"}`, "Origin", origin)
		return w.Code, w.Header().Get("Access-Control-Allow-Origin")
	}
	s := newServer(t, WithAllowedOrigins("https://ui.example.com", "https://*.example.org"))
	for origin, want := range map[string]int{
		"https://ui.example.com": 200, "https://a.example.org": 200, "http://localhost:3000": 200,
		"https://example.com": 403, "https://evil.com": 403, "null": 403,
	} {
		code, allowed := post(s, origin)
		require.Equal(t, want, code, origin)
		require.Equal(t, want == 200, allowed == origin, origin)
	}
	code, allowed := post(newServer(t, WithAllowedOrigins("*")), "https://evil.com")
	require.Equal(t, 200, code)
	require.Equal(t, "*", allowed)
}

func TestFrameOptions(t *testing.T) {
	t.Parallel()
	for option, want := range map[string]string{"": "", "NONE": "", "deny": "DENY", "SAMEORIGIN": "SAMEORIGIN"} {
		w := newServer(t, WithFrameOptions(option)).do(http.MethodGet, "/health", "")
		require.Equal(t, want, w.Header().Get("X-Frame-Options"))
		require.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
	}
}

func TestStaticPrefix(t *testing.T) {
	t.Parallel()
	s := newServer(t, WithStaticPrefix("/mlflow/"))
	for path, want := range map[string]int{
		"/mlflow/health": 200, "/health": 404, "/mlflow/api/2.0/mlflow/runs/get": 400, "/api/2.0/mlflow/runs/get": 404,
		"/mlflow/api/2.0/mlflow-artifacts/artifacts": 200, "/mlflow/api/3.0/mlflow/server-info": 200,
	} {
		require.Equal(t, want, s.do(http.MethodGet, path, "").Code, path)
	}
	for _, path := range []string{"/api/2.0/mlflow-artifacts/artifacts/a", "/mlflow/ajax-api/2.0/mlflow-artifacts/artifacts/a"} {
		require.Equal(t, 200, s.do(http.MethodPut, path, "x").Code)
	}
}

func TestWildcard(t *testing.T) {
	t.Parallel()
	for pattern, hosts := range map[string][2]string{
		"10.*":           {"10.1.2.3:5000", "10.evil.com"},
		"192.168.*:5000": {"192.168.1.1:5000", "192.168.1.1.evil.com:5000"},
		"172.16.*.1":     {"172.16.9.1", "172.16.x.1"},
		"*.example.com":  {"10.example.com", "example.org"},
		"db*":            {"db1:5000", "10.0.0.1"},
		"*":              {"anything", ""},
	} {
		require.True(t, hostMatches(pattern, hosts[0]), pattern)
		require.False(t, hosts[1] != "" && hostMatches(pattern, hosts[1]), pattern)
	}
	require.True(t, wildcard("*", ""))
	require.True(t, wildcard("a*c?", "abbcd"))
	require.False(t, wildcard("a*c?", "abbc"))
	require.False(t, wildcard("a", "ab"))
}

// matchesSlowly says what the wildcards mean.
func matchesSlowly(pattern, s string) bool {
	switch {
	case pattern == "":
		return s == ""
	case pattern[0] == '*':
		return matchesSlowly(pattern[1:], s) || s != "" && matchesSlowly(pattern, s[1:])
	}
	return s != "" && (pattern[0] == '?' || pattern[0] == s[0]) && matchesSlowly(pattern[1:], s[1:])
}

func TestWildcardMeans(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.StringMatching(`[ab*?.]{0,8}`).Draw(t, "pattern")
		s := rapid.StringMatching(`[ab.]{0,10}`).Draw(t, "text")
		require.Equal(t, matchesSlowly(pattern, s), wildcard(pattern, s))
	})
}

// TestHostileHeaders: a pattern of many stars takes no more time than one, and
// no header is so long that it could.
func TestHostileHeaders(t *testing.T) {
	t.Parallel()
	stars := strings.Repeat("*a", 100) + "b"
	require.False(t, wildcard(stars, strings.Repeat("a", 60<<10)))
	s := newServer(t, WithAllowedHosts("localhost:5000", stars, "*"+strings.Repeat("a", maxHost)), WithAllowedOrigins(stars+"*"))
	host := func(name string) int {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/2.0/mlflow/runs/get?run_id=r", nil)
		r.Host = name
		w := newDiscard()
		s.ServeHTTP(w, r)
		return w.status
	}
	require.Equal(t, http.StatusOK, host(strings.Repeat("a", maxHost)))
	require.Equal(t, http.StatusForbidden, host(strings.Repeat("a", maxHost+1)))
	origin := func(name string) int {
		return s.do(http.MethodPost, "/api/2.0/mlflow/experiments/create", `{"name":"n"}`, "Origin", name).Code
	}
	require.Equal(t, http.StatusOK, origin(strings.Repeat("a", maxHost-1)+"b"))
	require.Equal(t, http.StatusForbidden, origin(strings.Repeat("a", maxHost)+"b"))
}
