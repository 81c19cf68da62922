package main

import (
	"bufio"
	"fmt"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"
	"imagebatch/workflows/contract"
)

type instanceCmd struct {
	Create instanceCreate `cmd:"" help:"Create an instance."`
	List   instanceList   `cmd:"" help:"List the instances."`
	Get    instanceShow   `cmd:"" help:"Show an instance."`
	Rates  instanceRates  `cmd:"" help:"Show how often each operation may be asked of an instance, or change it."`
	Dump   instanceDump   `cmd:"" help:"Write down every picture of an instance, as a manifest that stores it again."`
	Delete instanceDelete `cmd:"" help:"Delete an instance with its pictures."`
}

// serviceWords are what users call the service types.
var serviceWords = map[string]contract.ServiceType{
	"product": contract.ServiceProduct, "generic": contract.ServiceGeneric, "fabric": contract.ServiceFabric,
	"trademark": contract.ServiceTrademark, "copyright": contract.ServiceCopyright,
	"furniture": contract.ServiceFurniture, "hardware": contract.ServiceHardware,
}

// service is a service type by number or word.
type service contract.ServiceType

// Decode reads the flag.
func (s *service) Decode(ctx *kong.DecodeContext) error {
	var text string
	if err := ctx.Scan.PopValueInto("service type", &text); err != nil {
		return err
	}
	if known, ok := serviceWords[strings.ToLower(text)]; ok {
		*s = service(known)
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || !contract.ServiceType(n).Known() {
		return fmt.Errorf("there is no service type %q; use product (0), generic (1), fabric (2), trademark (3), copyright (4), furniture (5), hardware (6) or 7", text)
	}
	*s = service(n)
	return nil
}

func serviceName(s contract.ServiceType) string {
	for word, known := range serviceWords {
		if known == s {
			return word
		}
	}
	if s == contract.ServiceTrademark2 {
		return "trademark (7)"
	}
	return strconv.Itoa(int(s))
}

type instanceCreate struct {
	Name        string  `arg:"" help:"Name: up to 20 letters, digits, hyphens and underscores."`
	Region      string  `default:"${region}" help:"Region of its buckets (IMAGEBATCH_REGION). Default: ${default}."`
	ServiceType service `default:"product" placeholder:"TYPE" help:"What its pictures show, by word or number: product, generic, fabric, trademark, copyright, furniture, hardware. Default: ${default}."`
	Capacity    int64   `default:"1000000" placeholder:"N" help:"How many pictures it may hold. Default: ${default}."`
}

// Run creates the instance.
func (c *instanceCreate) Run(a *app) error {
	in := contract.CreateInstanceInput{Name: c.Name, Region: c.Region, ServiceType: contract.ServiceType(c.ServiceType), Capacity: c.Capacity}
	if err := in.Validate(); err != nil {
		return invalid(err)
	}
	made, err := operate(a.ctx, a, contract.CreateInstance, operationLimit, in)
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(made)
	}
	return a.printf("instance %s created: %s, %s, room for %s pictures\n", made.Name, made.Region, serviceName(made.ServiceType), contract.Grouped(made.Capacity))
}

type instanceList struct{}

// Run lists the instances.
func (instanceList) Run(a *app) error {
	list, err := operate(a.ctx, a, contract.ListInstances, operationLimit, contract.Nothing{})
	if err != nil {
		return err
	}
	if a.json {
		if list.Instances == nil {
			list.Instances = []contract.Instance{}
		}
		return a.printJSON(list)
	}
	if len(list.Instances) == 0 {
		a.notef("no instances; create one with: starter instance create NAME")
		return nil
	}
	t := newTable("NAME", "REGION", "SERVICE TYPE", "PICTURES", "CAPACITY", "CREATED")
	for _, i := range list.Instances {
		t.add(i.Name, i.Region, serviceName(i.ServiceType), contract.Grouped(i.Pictures), contract.Grouped(i.Capacity), a.moment(i.CreatedAt))
	}
	return t.writeTo(a.stdout)
}

type instanceShow struct {
	Name string `arg:"" help:"Name of the instance."`
}

// Run shows the instance.
func (c *instanceShow) Run(a *app) error {
	if err := contract.ValidateNameOfInstance(c.Name); err != nil {
		return invalid(err)
	}
	i, err := a.describe(c.Name)
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(i)
	}
	return facts(a.stdout,
		"name", i.Name, "id", i.ID, "region", i.Region, "service type", serviceName(i.ServiceType),
		"pictures", fmt.Sprintf("%s of %s", contract.Grouped(i.Pictures), contract.Grouped(i.Capacity)),
		"created", a.moment(i.CreatedAt), "features", i.Features, "a second", rates(i.Rates))
}

type instanceDelete struct {
	Name string `arg:"" help:"Name of the instance."`
	Yes  bool   `help:"Do not ask. Needed when standard input is no terminal."`
}

// Run deletes the instance once the user has agreed.
func (c *instanceDelete) Run(a *app) error {
	if err := contract.ValidateNameOfInstance(c.Name); err != nil {
		return invalid(err)
	}
	if agreed, err := a.agrees(c.Yes, fmt.Sprintf("Delete instance %q with all its pictures?", c.Name)); err != nil || !agreed {
		return err
	}
	if _, err := operate(a.ctx, a, contract.DeleteInstance, longLimit, contract.InstanceRef{Name: c.Name}); err != nil {
		return err
	}
	if a.json {
		return a.printJSON(contract.InstanceRef{Name: c.Name})
	}
	return a.printf("instance %s deleted\n", c.Name)
}

// ask puts a question to the terminal; anything but yes is no.
func (a *app) ask(question string) (bool, error) {
	fmt.Fprint(a.stderr, question)
	answer, err := bufio.NewReader(interruptible(a.ctx, a.stdin)).ReadString('\n')
	if err != nil && answer == "" {
		return false, fmt.Errorf("read answer: %w", err)
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return true, nil
	}
	return false, nil
}
