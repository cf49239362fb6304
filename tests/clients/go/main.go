// The Go client, one step after the other; see tests/clients/README.md.
package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"net/url"
	"os"
	"strings"
	"time"

	_ "github.com/trinodb/trino-go-client/trino"
)

type seen struct {
	Rows     int      `json:"rows"`
	Checksum uint64   `json:"checksum"`
	Values   []string `json:"values"`
	Error    *string  `json:"error"`
}

type client struct {
	dsn  url.URL
	conn *sql.Conn
	tx   *sql.Tx
	seen seen
}

func main() {
	c := client{seen: seen{Values: []string{}}}
	if err := c.run(os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5:]); err != nil {
		text := err.Error()
		c.seen.Error = &text
	}
	line, err := json.Marshal(c.seen)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(line))
}

func (c *client) run(server, user, source, ca string, steps []string) error {
	dsn, err := url.Parse(server)
	if err != nil {
		return err
	}
	settings := url.Values{"source": {source}}
	if ca != "" {
		settings.Set("SSLCertPath", ca)
	}
	dsn.User = url.User(user)
	dsn.RawQuery = settings.Encode()
	c.dsn = *dsn
	if err := c.open(); err != nil {
		return err
	}
	for _, step := range steps {
		verb, text, _ := strings.Cut(step, " ")
		if err := c.take(verb, text); err != nil {
			return err
		}
	}
	return nil
}

// One connection of the pool: what SET SESSION and USE change belongs to it.
func (c *client) open() error {
	db, err := sql.Open("trino", c.dsn.String())
	if err != nil {
		return err
	}
	c.conn, err = db.Conn(context.Background())
	return err
}

func (c *client) take(step, text string) (err error) {
	ctx := context.Background()
	switch step {
	case "query":
		return c.read(ctx, text, 0)
	case "idle":
		return c.read(ctx, text, 35*time.Second)
	case "heartbeat":
		settings := c.dsn.Query()
		settings.Set("heartbeat_interval", "1ms")
		c.dsn.RawQuery = settings.Encode()
		if err := c.open(); err != nil {
			return err
		}
		return c.read(ctx, text, 0)
	case "do":
		_, err = c.conn.ExecContext(ctx, text)
	case "cancel":
		// Not by cancelling the context: this version then tells Trino nothing.
		rows, err := c.conn.QueryContext(ctx, text)
		if err != nil {
			return err
		}
		for range 1000 {
			if !rows.Next() {
				return rows.Err()
			}
			if err := c.count(rows); err != nil {
				return err
			}
		}
		return rows.Close()
	case "execute":
		return c.read(ctx, text, 0, "warren")
	case "begin":
		c.tx, err = c.conn.BeginTx(ctx, nil)
	case "commit":
		err = c.tx.Commit()
		c.tx = nil
	default:
		err = fmt.Errorf("no such step: %s", step)
	}
	return err
}

func (c *client) read(ctx context.Context, text string, pause time.Duration, parameters ...any) error {
	query := c.conn.QueryContext
	if c.tx != nil {
		query = c.tx.QueryContext
	}
	rows, err := query(ctx, text, parameters...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for number := 1; rows.Next(); number++ {
		if err := c.count(rows); err != nil {
			return err
		}
		if number == 1000 {
			time.Sleep(pause)
		}
	}
	return rows.Err()
}

func (c *client) count(rows *sql.Rows) error {
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	values := make([]any, len(columns))
	targets := make([]any, len(columns))
	for i := range values {
		targets[i] = &values[i]
	}
	if err := rows.Scan(targets...); err != nil {
		return err
	}
	texts := make([]string, len(values))
	for i, value := range values {
		texts[i] = fmt.Sprint(value)
	}
	text := strings.Join(texts, "\t")
	c.seen.Rows++
	c.seen.Checksum += uint64(crc32.ChecksumIEEE([]byte(text)))
	if len(c.seen.Values) < 20 {
		c.seen.Values = append(c.seen.Values, text)
	}
	return nil
}
