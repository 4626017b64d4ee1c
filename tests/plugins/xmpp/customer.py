#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A customer with a real XMPP client library (Debian package python3-slixmpp), driven by JSON lines.

Commands, one object a line on standard input; `to` is an address, `id` a stanza id of the caller's choice:
  {"do":"login","jid":J,"password":P,"host":H,"port":N}  connects and stays so: a lost connection is made again
  {"do":"send","to":T,"text":S}   with any of "id", "type", "origin_id", "nick", "subject", "thread", "reply":ID,
                                  "replaces":ID, "receipt":BOOL, "markable":BOOL, "state":WORD, "oob":URL, "stamp":TIME
                                  and "xml":[TEXT,...] for further elements; "id":null sends none; receipt, markable and
                                  state "active" are on as in a usual client
  {"do":"retract","to":T,"of":ID}   {"do":"react","to":T,"of":ID,"with":[S,...]}
  {"do":"state","to":T,"state":WORD}   {"do":"displayed","to":T,"id":ID}   {"do":"received","to":T,"id":ID}
  {"do":"receipts","on":BOOL}     whether receipts that are asked for are sent by themselves (at first: yes)
  {"do":"vcard","name":S,"nickname":S,"photo":BASE64,"type":MIME}
  {"do":"ask","what":"info"|"items"|"vcard"|"ping"|"version","to":T,"tag":ANY}
  {"do":"presence","to":T,"type":WORD}   {"do":"raw","xml":TEXT}
  {"do":"disconnect"} until the next {"do":"login"} without arguments   {"do":"quit"}

Events, one object a line on standard output: ready, gone, refused (login), done (the command has no other answer),
message, presence, answer (to ask). A message carries what it has of: from, to, id, type, body, state, origin_id, nick,
request, markable, received, displayed, replaces, reply, oob, stamp, error {type, condition, text}.
"""
import asyncio
import base64
import json
import logging
import sys

sys.path.insert(0, "/usr/lib/python3/dist-packages")

import slixmpp  # noqa: E402
from slixmpp.exceptions import IqError, IqTimeout  # noqa: E402
from slixmpp.xmlstream import ET  # noqa: E402
from slixmpp.xmlstream.handler import Callback  # noqa: E402
from slixmpp.xmlstream.matcher import MatchXPath  # noqa: E402

NS = {
    "states": "http://jabber.org/protocol/chatstates",
    "receipts": "urn:xmpp:receipts",
    "markers": "urn:xmpp:chat-markers:0",
    "correct": "urn:xmpp:message-correct:0",
    "retract": "urn:xmpp:message-retract:1",
    "reactions": "urn:xmpp:reactions:0",
    "reply": "urn:xmpp:reply:0",
    "sid": "urn:xmpp:sid:0",
    "nick": "http://jabber.org/protocol/nick",
    "oob": "jabber:x:oob",
    "delay": "urn:xmpp:delay",
    "stanzas": "urn:ietf:params:xml:ns:xmpp-stanzas",
}
RETRY_S = 0.3


def emit(event, **what):
    line = {"event": event, **{key: value for key, value in what.items() if value is not None}}
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def element(space, name, text=None, **attributes):
    made = ET.Element("{%s}%s" % (NS[space], name), attributes)
    made.text = text
    return made


def inner(xml, space, name):
    return xml.find("{%s}%s" % (NS[space], name))


def attribute(xml, key):
    return None if xml is None else xml.get(key)


def text_of(xml):
    return None if xml is None else (xml.text or "")


class Customer(slixmpp.ClientXMPP):
    def __init__(self, jid, password, host, port):
        super().__init__(jid, password)
        self.place = (host, port)
        self.wanted = True
        self.up = False
        for plugin in ("xep_0030", "xep_0054", "xep_0184", "xep_0199"):
            self.register_plugin(plugin)
        self["xep_0184"].auto_request = False
        self["feature_mechanisms"].unencrypted_plain = True
        self.add_event_handler("session_start", self.on_session)
        self.add_event_handler("disconnected", self.on_lost)
        self.add_event_handler("connection_failed", self.on_failed)
        self.add_event_handler("failed_auth", lambda _: emit("refused"))
        for name in ("message", "presence"):
            self.register_handler(
                Callback(name, MatchXPath("{%s}%s" % (self.default_ns, name)), getattr(self, "on_" + name))
            )

    def login(self):
        self.connect(self.place, force_starttls=False, disable_starttls=True)

    async def on_session(self, _):
        self.send_presence()
        await self.get_roster()
        self.up = True
        emit("ready", jid=self.boundjid.full)

    def on_lost(self, _):
        if self.up:
            emit("gone")
        self.up = False
        if self.wanted:
            self.loop.call_later(RETRY_S, self.again)

    def on_failed(self, _):
        self.cancel_connection_attempt()
        if self.wanted:
            self.loop.call_later(RETRY_S, self.again)

    def again(self):
        if self.wanted and not self.up and self.transport is None:
            self.login()

    def on_message(self, stanza):
        xml = stanza.xml
        seen = {key: xml.get(key) for key in ("from", "to", "id", "type")}
        seen["body"] = text_of(xml.find("{%s}body" % self.default_ns))
        for state in ("active", "composing", "paused", "inactive", "gone"):
            if inner(xml, "states", state) is not None:
                seen["state"] = state
        error = xml.find("{%s}error" % self.default_ns)
        if error is not None:
            words = [one.tag.split("}")[1] for one in error if one.tag != "{%s}text" % NS["stanzas"]]
            seen["error"] = {
                "type": error.get("type"),
                "condition": words[0] if words else None,
                "text": text_of(inner(error, "stanzas", "text")),
            }
        seen["request"] = True if inner(xml, "receipts", "request") is not None else None
        seen["markable"] = True if inner(xml, "markers", "markable") is not None else None
        seen["received"] = attribute(inner(xml, "receipts", "received"), "id")
        seen["displayed"] = attribute(inner(xml, "markers", "displayed"), "id")
        seen["origin_id"] = attribute(inner(xml, "sid", "origin-id"), "id")
        seen["replaces"] = attribute(inner(xml, "correct", "replace"), "id")
        seen["reply"] = attribute(inner(xml, "reply", "reply"), "id")
        seen["nick"] = text_of(inner(xml, "nick", "nick"))
        seen["stamp"] = attribute(inner(xml, "delay", "delay"), "stamp")
        oob = inner(xml, "oob", "x")
        seen["oob"] = None if oob is None else text_of(oob.find("{%s}url" % NS["oob"]))
        # How many elements there are tells that a receipt has nothing else in it.
        emit("message", children=len(xml), **seen)

    def on_presence(self, stanza):
        xml = stanza.xml
        update = xml.find("{vcard-temp:x:update}x")
        emit(
            "presence",
            **{key: xml.get(key) for key in ("from", "type")},
            photo=None if update is None else text_of(update.find("{vcard-temp:x:update}photo")),
            caps=attribute(xml.find("{http://jabber.org/protocol/caps}c"), "ver"),
        )

    # ---- commands

    def post(self, to, *parts, kind="chat", stanza_id=None, body=None):
        message = self.make_message(mto=to, mtype=kind, mbody=body)
        del message["id"]
        if stanza_id is not None:
            message["id"] = stanza_id
        for part in parts:
            message.append(part)
        # Past the filters of the library, which give an id to whatever has none.
        self.send_raw(str(message))

    def do_send(self, c):
        parts = []
        if "subject" in c:
            parts.append(ET.fromstring("<subject xmlns='%s'/>" % self.default_ns))
            parts[-1].text = c["subject"]
        if c.get("state", "active"):
            parts.append(element("states", c.get("state", "active")))
        if c.get("receipt", True):
            parts.append(element("receipts", "request"))
        if c.get("markable", True):
            parts.append(element("markers", "markable"))
        if "origin_id" in c:
            parts.append(element("sid", "origin-id", id=c["origin_id"]))
        if "nick" in c:
            parts.append(element("nick", "nick", c["nick"]))
        if "replaces" in c:
            parts.append(element("correct", "replace", id=c["replaces"]))
        if "reply" in c:
            parts.append(element("reply", "reply", id=c["reply"], to=c["to"]))
        if "stamp" in c:
            parts.append(element("delay", "delay", stamp=c["stamp"]))
        if "oob" in c:
            parts.append(element("oob", "x"))
            ET.SubElement(parts[-1], "{%s}url" % NS["oob"]).text = c["oob"]
        parts += [ET.fromstring(text) for text in c.get("xml", [])]
        stanza_id = c["id"] if "id" in c else self.new_id()
        self.post(c["to"], *parts, kind=c.get("type", "chat"), stanza_id=stanza_id, body=c.get("text"))

    def do_retract(self, c):
        self.post(c["to"], element("retract", "retract", id=c["of"]), stanza_id=self.new_id())

    def do_react(self, c):
        reactions = element("reactions", "reactions", id=c["of"])
        for emoji in c["with"]:
            ET.SubElement(reactions, "{%s}reaction" % NS["reactions"]).text = emoji
        self.post(c["to"], reactions, stanza_id=self.new_id())

    def do_state(self, c):
        self.post(c["to"], element("states", c["state"]), stanza_id=self.new_id())

    def do_displayed(self, c):
        self.post(c["to"], element("markers", "displayed", id=c["id"]), stanza_id=self.new_id())

    def do_received(self, c):
        self.post(c["to"], element("receipts", "received", id=c["id"]), stanza_id=self.new_id())

    def do_receipts(self, c):
        self["xep_0184"].auto_ack = bool(c["on"])

    def do_presence(self, c):
        self.send_presence(pto=c["to"], ptype=c.get("type"))

    def do_raw(self, c):
        self.send_raw(c["xml"])

    async def do_vcard(self, c):
        vcard = self["xep_0054"].make_vcard()
        for key, name in (("name", "FN"), ("nickname", "NICKNAME")):
            if key in c:
                vcard[name] = c[key]
        if "photo" in c:
            photo = self["xep_0054"].stanza.Photo()
            photo["TYPE"] = c.get("type", "image/png")
            photo["BINVAL"] = base64.b64decode(c["photo"])
            vcard.append(photo)
        await self["xep_0054"].publish_vcard(vcard=vcard)

    async def do_ask(self, c):
        answer = {"what": c["what"], "tag": c.get("tag")}
        try:
            answer.update(await getattr(self, "ask_" + c["what"])(c["to"]))
        except IqError as error:
            answer["error"] = {"type": error.etype, "condition": error.condition}
        except IqTimeout:
            answer["error"] = {"type": "none", "condition": "no answer"}
        emit("answer", **answer)

    async def ask_info(self, to):
        info = (await self["xep_0030"].get_info(jid=to, cached=False))["disco_info"]
        return {
            "identities": [[one[0], one[1], one[3]] for one in info["identities"]],
            "features": sorted(info["features"]),
        }

    async def ask_items(self, to):
        items = (await self["xep_0030"].get_items(jid=to))["disco_items"]["items"]
        return {"items": [[str(one[0]), one[2]] for one in items]}

    async def ask_vcard(self, to):
        vcard = (await self["xep_0054"].get_vcard(jid=to))["vcard_temp"]
        photo = vcard.xml.find("{vcard-temp}PHOTO/{vcard-temp}BINVAL")
        return {
            "name": text_of(vcard.xml.find("{vcard-temp}FN")),
            "type": text_of(vcard.xml.find("{vcard-temp}PHOTO/{vcard-temp}TYPE")),
            "photo": text_of(photo),
        }

    async def ask_ping(self, to):
        await self["xep_0199"].send_ping(to, timeout=10)
        return {}

    async def ask_version(self, to):
        iq = self.make_iq_get(queryxmlns="jabber:iq:version", ito=to)
        await iq.send(timeout=10)
        return {}


async def carry_out(customer, command):
    what = command["do"]
    if what == "login":
        if customer is None:
            customer = Customer(command["jid"], command["password"], command["host"], command["port"])
        customer.wanted = True
        customer.login()
    elif what == "disconnect":
        customer.wanted = False
        await customer.disconnect()
    elif not customer.up:
        emit("refused", command=command)
        return customer
    else:
        done = getattr(customer, "do_" + what)(command)
        if asyncio.iscoroutine(done):
            await done
    if what not in ("ask", "login"):
        emit("done", id=command.get("id"))
    return customer


async def main():
    loop = asyncio.get_event_loop()
    reader = asyncio.StreamReader(limit=1 << 24)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    customer = None
    while True:
        line = await reader.readline()
        command = json.loads(line) if line.strip() else {"do": "quit"}
        if not line or command["do"] == "quit":
            break
        customer = await carry_out(customer, command)
    if customer is not None:
        customer.wanted = False
        await customer.disconnect(wait=0.5)


if __name__ == "__main__":
    logging.basicConfig(level=logging.CRITICAL)
    asyncio.get_event_loop().run_until_complete(main())
