package auth

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// The variables that configure authentication.
const (
	ConfigPathVariable    = "MLFLOW_AUTH_CONFIG_PATH"
	AdminUsernameVariable = "MLFLOW_AUTH_ADMIN_USERNAME"
	AdminPasswordVariable = "MLFLOW_AUTH_ADMIN_PASSWORD" //nolint:gosec // the name of a variable
	seedRolesVariable     = "MLFLOW_RBAC_SEED_DEFAULT_ROLES"
	failClosedVariable    = "MLFLOW_BASIC_AUTH_FAIL_CLOSED"
	graphQLVariable       = "MLFLOW_SERVER_ENABLE_GRAPHQL_AUTH"
)

const (
	maxINI       = 64 << 10
	maxCacheSize = 10_000_000
	maxCacheTTL  = 1_000_000_000 // seconds
	ownFunction  = "mlflow.server.auth:authenticate_request_basic_auth"
)

// Config is what MLflow's variables and its ini file configure.
type Config struct {
	AdminUsername string // of the first admin; default admin
	AdminPassword string // of the first admin; default [DefaultPassword]
	// DefaultPermission is what holds without a grant, and the floor of those:
	// READ, USE, EDIT, MANAGE or NO_PERMISSIONS. Default: READ.
	DefaultPermission string
	// GrantDefaultWorkspaceAccess gives everybody the default permission in the
	// workspace default. Default: false.
	GrantDefaultWorkspaceAccess bool
	// SeedDefaultRoles makes the roles of a new workspace. Default: true.
	SeedDefaultRoles bool
	CacheSize        int           // see [NewVerified]; default 10,000
	CacheRecheck     time.Duration // see [NewVerified]; default 5 minutes
	// Unused are settings that are understood and have no effect here, each with
	// the reason, for the log.
	Unused []string
}

// ReadConfig reads the variables and the file that MLFLOW_AUTH_CONFIG_PATH names,
// if it does. Variables win, also empty ones. What is not understood is an error
// of one line that names the key and the file, or the variable, and no secret.
func ReadConfig(lookup func(string) (string, bool)) (Config, error) {
	c := Config{
		AdminUsername: "admin", AdminPassword: DefaultPassword, DefaultPermission: "READ", SeedDefaultRoles: true,
		CacheSize: DefaultVerifiedSize, CacheRecheck: DefaultVerifiedRecheck,
	}
	if path, _ := lookup(ConfigPathVariable); path != "" {
		if err := c.readFile(path); err != nil {
			return Config{}, fmt.Errorf("%s: %s: %w", ConfigPathVariable, path, err)
		}
	}
	if err := c.readVariables(lookup); err != nil {
		return Config{}, err
	}
	return c, nil
}

func (c *Config) readFile(path string) error {
	f, err := os.Open(path) //nolint:gosec // the operator says which
	if err != nil {
		return errors.Unwrap(err) // the path is said already
	}
	defer func() { _ = f.Close() }()
	raw, err := io.ReadAll(io.LimitReader(f, maxINI+1))
	if err != nil {
		return errors.New("it cannot be read")
	}
	if len(raw) > maxINI {
		return fmt.Errorf("it is larger than %d bytes", maxINI)
	}
	keys, err := parseINI(string(raw))
	if err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if err := c.set(key, keys[key]); err != nil {
			return fmt.Errorf("%s: %w", quoteKey(key), err)
		}
	}
	return nil
}

// set takes the value of a key of the file.
func (c *Config) set(key, value string) (err error) {
	switch key {
	case "admin_username":
		return c.setUsername(value)
	case "admin_password":
		return c.setPassword(value)
	case "default_permission":
		return c.setPermission(value)
	case "grant_default_workspace_access":
		c.GrantDefaultWorkspaceAccess, err = iniBool(value)
	case "auth_cache_max_size":
		c.CacheSize, err = iniInt(value, 1, maxCacheSize)
	case "auth_cache_ttl_seconds":
		var seconds int
		seconds, err = iniInt(value, 0, maxCacheTTL)
		c.CacheRecheck = time.Duration(seconds) * time.Second
	case "authorization_function":
		if value != ownFunction {
			return errors.New("no Python function is called here")
		}
	case "database_uri", "read_database_uri":
		c.unused(key, "users and roles are in the table")
	case "workspace_cache_max_size", "workspace_cache_ttl_seconds":
		c.unused(key, "resources know their workspace")
	default:
		return errors.New("there is no such key")
	}
	return err
}

func (c *Config) readVariables(lookup func(string) (string, bool)) error {
	for _, v := range []struct {
		name string
		set  func(string) error
	}{
		{AdminUsernameVariable, c.setUsername},
		{AdminPasswordVariable, c.setPassword},
		{seedRolesVariable, func(s string) (err error) { c.SeedDefaultRoles, err = variableBool(s); return err }},
		{failClosedVariable, func(s string) error { return c.always(failClosedVariable, s) }},
		{graphQLVariable, func(s string) error { return c.always(graphQLVariable, s) }},
	} {
		value, ok := lookup(v.name)
		if !ok {
			continue
		}
		if err := v.set(value); err != nil {
			return fmt.Errorf("%s: %w", v.name, err)
		}
	}
	return nil
}

func (c *Config) setUsername(value string) error {
	if !isName(value) || strings.Contains(value, ":") {
		return errors.New("it must be a name of 1 to 255 characters without a colon or control characters")
	}
	c.AdminUsername = value
	return nil
}

func (c *Config) setPassword(value string) error {
	if value == "" {
		return errors.New("it is empty")
	}
	c.AdminPassword = value
	if err, ok := errors.AsType[*mlflow.Error](CheckPassword(value)); ok {
		return errors.New(err.Message)
	}
	return nil
}

func (c *Config) setPermission(value string) error {
	if !slices.Contains([]string{"READ", "USE", "EDIT", "MANAGE", "NO_PERMISSIONS"}, value) {
		return fmt.Errorf("%s is none of READ, USE, EDIT, MANAGE, NO_PERMISSIONS", quoteKey(value))
	}
	c.DefaultPermission = value
	return nil
}

// always takes a switch of MLflow that cannot be turned off here.
func (c *Config) always(name, value string) error {
	on, err := variableBool(value)
	if err == nil && !on {
		c.unused(name, "it is always on")
	}
	return err
}

func (c *Config) unused(name, why string) {
	c.Unused = append(c.Unused, name+" has no effect: "+why)
}

// iniBool reads what configparser takes for a boolean.
func iniBool(value string) (bool, error) {
	switch strings.ToLower(value) {
	case "1", "yes", "true", "on":
		return true, nil
	case "0", "no", "false", "off":
		return false, nil
	}
	return false, fmt.Errorf("%s is neither true nor false", quoteKey(value))
}

// variableBool reads what MLflow takes for a boolean in a variable.
func variableBool(value string) (bool, error) {
	switch strings.ToLower(value) {
	case "1", "true":
		return true, nil
	case "0", "false":
		return false, nil
	}
	return false, fmt.Errorf("%s is none of true, false, 1, 0", quoteKey(value))
}

func iniInt(value string, least, most int) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < least || n > most {
		return 0, fmt.Errorf("%s is not a whole number from %d to %d", quoteKey(value), least, most)
	}
	return n, nil
}
