package auth

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// configOf reads a file of this content, and variables of pairs.
func configOf(t *testing.T, ini string, variables ...string) (Config, string, error) {
	t.Helper()
	env := map[string]string{}
	path := ""
	if ini != "" {
		path = filepath.Join(t.TempDir(), "auth.ini")
		require.NoError(t, os.WriteFile(path, []byte(ini), 0o600))
		env[ConfigPathVariable] = path
	}
	for i := 0; i < len(variables); i += 2 {
		env[variables[i]] = variables[i+1]
	}
	c, err := ReadConfig(func(name string) (string, bool) { v, ok := env[name]; return v, ok })
	return c, path, err
}

func defaultConfig() Config {
	return Config{
		AdminUsername: "admin", AdminPassword: "password1234", DefaultPermission: "READ", SeedDefaultRoles: true,
		CacheSize: 10_000, CacheRecheck: 5 * time.Minute,
	}
}

// TestConfigDefaults: without anything, what the documents say holds.
func TestConfigDefaults(t *testing.T) {
	t.Parallel()
	c, _, err := configOf(t, "")
	require.NoError(t, err)
	require.Equal(t, defaultConfig(), c)
}

// TestConfigOfMLflow: MLflow's own file is read.
func TestConfigOfMLflow(t *testing.T) {
	t.Parallel()
	c, _, err := configOf(t, `[mlflow]
default_permission = READ
database_uri = sqlite:///basic_auth.db
admin_username = admin
# admin_password =
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
grant_default_workspace_access = false
# workspace_cache_max_size = 10000
`)
	require.NoError(t, err)
	want := defaultConfig()
	want.Unused = []string{"database_uri has no effect: users and roles are in the table"}
	require.Equal(t, want, c)
}

// TestConfig: all keys, and variables that win.
func TestConfig(t *testing.T) {
	t.Parallel()
	ini := "\n; a comment\n[mlflow]\r\nAdmin_Username: root\n admin = no\n"
	_, _, err := configOf(t, ini)
	require.ErrorContains(t, err, "line 5 begins with a space")
	ini = "[mlflow]\nAdmin_Username: root\r\nadmin_password = 100%% of it = # \"x\" ;\ndefault_permission=NO_PERMISSIONS\n" +
		"grant_default_workspace_access = On\nauth_cache_max_size = 5\nauth_cache_ttl_seconds = 0\nworkspace_cache_ttl_seconds = x"
	c, _, err := configOf(t, ini)
	require.NoError(t, err)
	want := Config{
		AdminUsername: "root", AdminPassword: `100% of it = # "x" ;`, DefaultPermission: "NO_PERMISSIONS", GrantDefaultWorkspaceAccess: true,
		SeedDefaultRoles: true, CacheSize: 5,
		Unused: []string{"workspace_cache_ttl_seconds has no effect: resources know their workspace"},
	}
	require.Equal(t, want, c)
	c, _, err = configOf(t, ini, AdminUsernameVariable, "chief", AdminPasswordVariable, rightPassword, seedRolesVariable, "FALSE",
		failClosedVariable, "0", graphQLVariable, "true")
	require.NoError(t, err)
	want.AdminUsername, want.AdminPassword, want.SeedDefaultRoles = "chief", rightPassword, false
	want.Unused = append(want.Unused, "MLFLOW_BASIC_AUTH_FAIL_CLOSED has no effect: it is always on")
	require.Equal(t, want, c)
}

const secretMark = "canary-7f3a"

// TestConfigNonsense: what is not understood is one line that names the key and
// the file, and tells no secret.
func TestConfigNonsense(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, ini, want string }{
		{"unknown key", "[mlflow]\nadmin_pasword = " + secretMark, `"admin_pasword": there is no such key`},
		{"another section", "[mlflow]\n[other]\n", "line 2 begins a section: there may be one, [mlflow]"},
		{"another section alone", "[DEFAULT]\n", "line 1 begins a section: there may be one, [mlflow]"},
		{"twice a section", "[mlflow]\n[mlflow]\n", "line 2 begins a section: there may be one, [mlflow]"},
		{"no section", "# nothing\n", "it has no section [mlflow]"},
		{"a key before", "admin_password = " + secretMark + "\n[mlflow]", "line 1 comes before the section [mlflow]"},
		{"a key twice", "[mlflow]\nadmin_password = " + secretMark + "\nADMIN_PASSWORD = x", `line 3 says "admin_password" a second time`},
		{"a line without a value", "[mlflow]\nadmin_password\n" + secretMark, "line 2 is not key = value"},
		{"a secret in place of a key", "[mlflow]\nadmin_password " + secretMark + " = x", "what is said: there is no such key"},
		{"a lone percent sign", "[mlflow]\nadmin_password = " + secretMark + "%", `line 2 has a % in the value of "admin_password": %% stands for one`},
		{"a reference", "[mlflow]\nadmin_password = %(" + secretMark + ")s", `line 2 has a % in the value of "admin_password": %% stands for one`},
		{"a short password", "[mlflow]\nadmin_password = canary-7f3a", `"admin_password": Password must be at least 12 characters.`},
		{"an empty password", "[mlflow]\nadmin_password =", `"admin_password": it is empty`},
		{"an empty name", "[mlflow]\nadmin_username =", `"admin_username": it must be a name of 1 to 255 characters without a colon or control characters`},
		{"a name with a colon", "[mlflow]\nadmin_username = a:" + secretMark, `"admin_username": it must be a name of 1 to 255 characters without a colon or control characters`},
		{"no permission", "[mlflow]\ndefault_permission = DENY", `"default_permission": "DENY" is none of READ, USE, EDIT, MANAGE, NO_PERMISSIONS`},
		{"no boolean", "[mlflow]\ngrant_default_workspace_access = maybe", `"grant_default_workspace_access": "maybe" is neither true nor false`},
		{"no number", "[mlflow]\nauth_cache_max_size = many", `"auth_cache_max_size": "many" is not a whole number from 1 to 10000000`},
		{"no size", "[mlflow]\nauth_cache_max_size = 0", `"auth_cache_max_size": "0" is not a whole number from 1 to 10000000`},
		{"less than no time", "[mlflow]\nauth_cache_ttl_seconds = -1", `"auth_cache_ttl_seconds": what is said is not a whole number from 0 to 1000000000`},
		{"a function", "[mlflow]\nauthorization_function = mine:" + secretMark, `"authorization_function": no Python function is called here`},
		{"not text", "[mlflow]\n\xff", "it is not UTF-8 text"},
		{"binary", "[mlflow]\n\x00", "it is not UTF-8 text"},
		{"a mark in front", "\ufeff[mlflow]\n", "line 1 comes before the section [mlflow]"},
		{"too large", "[mlflow]\n#" + strings.Repeat("x", maxINI), "it is larger than 65536 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, path, err := configOf(t, tt.ini)
			require.EqualError(t, err, "MLFLOW_AUTH_CONFIG_PATH: "+path+": "+tt.want)
			require.NotContains(t, err.Error(), "\n")
			require.NotContains(t, err.Error(), secretMark)
			require.Empty(t, c)
		})
	}
	_, _, err := configOf(t, "", ConfigPathVariable, "/does/not/exist")
	require.EqualError(t, err, "MLFLOW_AUTH_CONFIG_PATH: /does/not/exist: no such file or directory")
	_, _, err = configOf(t, "", ConfigPathVariable, t.TempDir())
	require.ErrorContains(t, err, ": it cannot be read")
}

// TestConfigVariables: a variable that is set and empty is not a default.
func TestConfigVariables(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ variable, value, want string }{
		{AdminPasswordVariable, "", "it is empty"},
		{AdminPasswordVariable, secretMark, "Password must be at least 12 characters."},
		{AdminUsernameVariable, "", "it must be a name of 1 to 255 characters without a colon or control characters"},
		{seedRolesVariable, "yes", `"yes" is none of true, false, 1, 0`},
		{failClosedVariable, "", `"" is none of true, false, 1, 0`},
		{graphQLVariable, "on", `"on" is none of true, false, 1, 0`},
	} {
		_, _, err := configOf(t, "", tt.variable, tt.value)
		require.EqualError(t, err, tt.variable+": "+tt.want)
	}
}

// FuzzParseINI: a text that is read says the same when it is written again.
func FuzzParseINI(f *testing.F) {
	f.Add("[mlflow]\na = b\nc: d%%\n")
	f.Add("# x\n[mlflow]\n;\n")
	f.Add("[mlflow]\na\n")
	f.Fuzz(func(t *testing.T, text string) {
		keys, err := parseINI(text)
		if err != nil {
			require.NotContains(t, err.Error(), "\n")
			return
		}
		var again strings.Builder
		again.WriteString("[mlflow]\n")
		for key, value := range maps.All(keys) {
			again.WriteString(key + " = " + strings.ReplaceAll(value, "%", "%%") + "\n")
		}
		same, err := parseINI(again.String())
		require.NoError(t, err)
		require.Equal(t, keys, same)
	})
}
