package dynamodbstore

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// DefaultTable is the table of a URI that names none.
const DefaultTable = "mlflow"

// Location is where a table is.
type Location struct {
	Region   string // AWS region; "": the SDK's own chain
	Endpoint string // URL of a custom endpoint; "": the region's
	Table    string
	Deploy   bool // whether the table may be made
}

const uriForms = "use dynamodb://<region>/<table>, dynamodb://<host>:<port>/<table> or " +
	"dynamodb://http://<host>:<port>/<table>, such as dynamodb://us-east-1/mlflow, " +
	"or local:<directory> for an embedded table"

// Patterns of the parts of a URI. A region is words and a number joined by
// dashes: us-east-1, us-gov-west-1, eusc-de-east-1. Table names are DynamoDB's.
var (
	regionPattern = regexp.MustCompile(`^[a-z]{2,8}(-[a-z]{2,12}){1,3}-[0-9]{1,2}$`)
	tablePattern  = regexp.MustCompile(`^[A-Za-z0-9_.-]{3,255}$`)
	hostPattern   = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?)*$`)
)

// ParseURI reads a dynamodb:// URI. An error says what is wrong with it and
// shows a right form.
func ParseURI(uri string) (Location, error) {
	loc, err := parseURI(uri)
	if err != nil {
		return Location{}, fmt.Errorf("invalid URI %q: %w; %s", redact(uri), err, uriForms)
	}
	return loc, nil
}

// redact hides user info, which may be a password.
func redact(uri string) string {
	if i := strings.LastIndexByte(uri, '@'); i >= 0 {
		if j := strings.LastIndex(uri[:i], "//"); j >= 0 {
			return uri[:j+2] + "***" + uri[i:]
		}
		return "***" + uri[i:]
	}
	return uri
}

func parseURI(uri string) (Location, error) {
	loc := Location{Deploy: true}
	scheme, rest, ok := strings.Cut(uri, "://")
	if !ok || !strings.EqualFold(scheme, "dynamodb") {
		return loc, errors.New("it begins with neither dynamodb:// nor local:") //nolint:revive,staticcheck // the end is a scheme's
	}
	if strings.ContainsFunc(rest, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return loc, errors.New("it contains white space")
	}
	rest, query, hasQuery := strings.Cut(rest, "?")
	if strings.Contains(rest, "#") || strings.Contains(query, "#") {
		return loc, errors.New("it has a fragment")
	}
	if hasQuery {
		if err := loc.parseQuery(query); err != nil {
			return loc, err
		}
	}
	plain, explicit := "", false
	for _, p := range []string{"http://", "https://"} {
		if len(rest) >= len(p) && strings.EqualFold(rest[:len(p)], p) {
			plain, rest, explicit = p, rest[len(p):], true
		}
	}
	place, path, _ := strings.Cut(rest, "/")
	if strings.Contains(place, "@") {
		return loc, errors.New("it has user info; credentials come from the AWS SDK's own chain")
	}
	if err := loc.parsePlace(place, plain, explicit); err != nil {
		return loc, err
	}
	return loc, loc.parseTable(path)
}

func (l *Location) parseQuery(query string) error {
	values, err := url.ParseQuery(query)
	if err != nil {
		return fmt.Errorf("query %q cannot be read", query)
	}
	for name, v := range values {
		if name != "deploy" || len(v) != 1 {
			return fmt.Errorf("unknown query parameter %q; the only one is deploy", name)
		}
		deploy, err := strconv.ParseBool(v[0])
		if err != nil {
			return fmt.Errorf("deploy=%q is neither true nor false", v[0])
		}
		l.Deploy = deploy
	}
	return nil
}

// parsePlace reads what stands before the path: a region or an endpoint.
func (l *Location) parsePlace(place, plain string, explicit bool) error {
	switch {
	case place == "" && explicit:
		return errors.New("the endpoint has no host")
	case place == "":
		return nil // the SDK's own region
	case !explicit && regionPattern.MatchString(place):
		l.Region = place
		return nil
	}
	if err := checkHostPort(place, explicit); err != nil {
		return err
	}
	if !explicit {
		plain = "http://"
	}
	l.Endpoint = plain + place
	return nil
}

// checkHostPort checks host:port; the port may be missing where a URL is
// explicit.
func checkHostPort(place string, explicit bool) error {
	host, port := place, ""
	if i := strings.LastIndexByte(place, ':'); i >= 0 && !strings.HasSuffix(place, "]") {
		host, port = place[:i], place[i+1:]
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || port[0] == '+' {
			return fmt.Errorf("port %q is not a number from 1 to 65535", port)
		}
	}
	if inner, ok := strings.CutPrefix(host, "["); ok {
		inner, closed := strings.CutSuffix(inner, "]")
		if addr, err := netip.ParseAddr(inner); err != nil || !closed || !addr.Is6() {
			return fmt.Errorf("%q is no IPv6 address in brackets", host)
		}
	} else if len(host) > 253 || !hostPattern.MatchString(host) {
		return fmt.Errorf("%q is neither a region nor a host; an IPv6 address stands in brackets", host)
	}
	if port == "" && !explicit {
		return fmt.Errorf("%q is neither a region nor host:port", place)
	}
	return nil
}

func (l *Location) parseTable(path string) error {
	table := strings.TrimSuffix(path, "/")
	switch {
	case table == "":
		l.Table = DefaultTable
		return nil
	case strings.Contains(table, "/"):
		return fmt.Errorf("path %q has more than a table name", path)
	case !tablePattern.MatchString(table):
		return fmt.Errorf("table name %q is not 3 to 255 letters, digits, '_', '-' and '.'", table)
	}
	l.Table = table
	return nil
}

// String returns the URI of l.
func (l Location) String() string {
	place := l.Region
	if l.Endpoint != "" {
		place = l.Endpoint
	}
	uri := "dynamodb://" + place + "/" + l.Table
	if !l.Deploy {
		uri += "?deploy=false"
	}
	return uri
}
