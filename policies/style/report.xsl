<?xml version="1.0" encoding="UTF-8"?>
<!-- SPDX-License-Identifier: Apache-2.0 -->
<!-- The regulator's report: a verdict and few numbers first, then the registers. Every chart stands beside the table that it is drawn from; what a
     colour says, a mark or a number says too. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:d="urn:saqta:paper:1" exclude-result-prefixes="d">
  <xsl:include href="common.xsl"/>

  <xsl:template match="/paper"><xsl:apply-templates select="d:report"/></xsl:template>

  <xsl:template match="d:report">
    <xsl:variable name="title"><xsl:call-template name="label"><xsl:with-param name="id">report</xsl:with-param></xsl:call-template>: <xsl:value-of select="d:controller/d:name"/></xsl:variable>
    <xsl:call-template name="page">
      <xsl:with-param name="title" select="$title"/>
      <xsl:with-param name="body">
        <h1><xsl:value-of select="$title"/></h1>
        <xsl:call-template name="first-page"/>
        <xsl:call-template name="sweeps"/>
        <xsl:call-template name="deadlines"/>
        <xsl:call-template name="retention"/>
        <xsl:call-template name="others"/>
        <xsl:call-template name="queries"/>
      </xsl:with-param>
    </xsl:call-template>
  </xsl:template>

  <xsl:template name="first-page">
    <p class="verdict"><xsl:call-template name="label"><xsl:with-param name="id"><xsl:choose><xsl:when test="d:verdict/d:good = 'true'">verdict-good</xsl:when><xsl:when test="d:verdict/d:overdue &gt; 0">verdict-bad</xsl:when><xsl:otherwise>verdict-late</xsl:otherwise></xsl:choose></xsl:with-param></xsl:call-template></p>
    <table><tbody>
      <xsl:call-template name="row"><xsl:with-param name="label">period</xsl:with-param><xsl:with-param name="value"><xsl:call-template name="time"><xsl:with-param name="of" select="d:from"/></xsl:call-template> – <xsl:call-template name="time"><xsl:with-param name="of" select="d:to"/></xsl:call-template></xsl:with-param></xsl:call-template>
      <xsl:call-template name="row"><xsl:with-param name="label">controller</xsl:with-param><xsl:with-param name="value"><xsl:value-of select="d:controller/d:name"/><xsl:if test="d:controller/d:bin">, <xsl:call-template name="label"><xsl:with-param name="id">bin</xsl:with-param></xsl:call-template><xsl:text> </xsl:text><xsl:value-of select="d:controller/d:bin"/></xsl:if></xsl:with-param></xsl:call-template>
      <xsl:call-template name="row"><xsl:with-param name="label">policy</xsl:with-param><xsl:with-param name="value"><xsl:value-of select="d:policy/d:id"/>, <xsl:call-template name="label"><xsl:with-param name="id">version</xsl:with-param></xsl:call-template><xsl:text> </xsl:text><xsl:value-of select="d:policy/d:version"/></xsl:with-param></xsl:call-template>
      <xsl:call-template name="row"><xsl:with-param name="label">made</xsl:with-param><xsl:with-param name="value"><xsl:call-template name="time"><xsl:with-param name="of" select="d:made"/></xsl:call-template>, <xsl:value-of select="d:made_by"/></xsl:with-param></xsl:call-template>
      <xsl:call-template name="row"><xsl:with-param name="label">overdue</xsl:with-param><xsl:with-param name="value"><xsl:call-template name="number"><xsl:with-param name="of" select="d:verdict/d:overdue"/></xsl:call-template></xsl:with-param></xsl:call-template>
      <xsl:call-template name="row"><xsl:with-param name="label">late</xsl:with-param><xsl:with-param name="value"><xsl:call-template name="number"><xsl:with-param name="of" select="d:verdict/d:late"/></xsl:call-template></xsl:with-param></xsl:call-template>
      <xsl:call-template name="row"><xsl:with-param name="label">gaps</xsl:with-param><xsl:with-param name="value"><xsl:call-template name="number"><xsl:with-param name="of" select="d:verdict/d:days_without_run"/></xsl:call-template></xsl:with-param></xsl:call-template>
      <xsl:call-template name="row"><xsl:with-param name="label">subjects</xsl:with-param><xsl:with-param name="value"><xsl:call-template name="number"><xsl:with-param name="of" select="d:numbers/d:item[d:name = 'subjects']/d:value"/></xsl:call-template></xsl:with-param></xsl:call-template>
      <xsl:call-template name="row"><xsl:with-param name="label">records</xsl:with-param><xsl:with-param name="value"><xsl:call-template name="number"><xsl:with-param name="of" select="d:numbers/d:item[d:name = 'records']/d:value"/></xsl:call-template></xsl:with-param></xsl:call-template>
    </tbody></table>
    <xsl:call-template name="title2"><xsl:with-param name="id">log</xsl:with-param></xsl:call-template>
    <table><tbody>
      <xsl:call-template name="row"><xsl:with-param name="label">origin</xsl:with-param><xsl:with-param name="value" select="string(d:log/d:origin)"/></xsl:call-template>
      <xsl:call-template name="row"><xsl:with-param name="label">size</xsl:with-param><xsl:with-param name="value"><xsl:call-template name="number"><xsl:with-param name="of" select="d:log/d:size"/></xsl:call-template></xsl:with-param></xsl:call-template>
      <xsl:call-template name="row"><xsl:with-param name="label">root</xsl:with-param><xsl:with-param name="value" select="string(d:log/d:root)"/></xsl:call-template>
      <xsl:call-template name="row"><xsl:with-param name="label">verification</xsl:with-param><xsl:with-param name="value"><xsl:call-template name="label"><xsl:with-param name="id">verifies</xsl:with-param></xsl:call-template></xsl:with-param></xsl:call-template>
    </tbody></table>
  </xsl:template>

  <!-- Days in rows of 31; a day without a run has a cross, one with late destructions a dot. -->
  <xsl:template name="sweeps">
    <xsl:call-template name="title2"><xsl:with-param name="id">calendar</xsl:with-param></xsl:call-template>
    <xsl:variable name="rows" select="ceiling(count(d:sweeps/d:item) div 31)"/>
    <svg xmlns="http://www.w3.org/2000/svg" width="500" height="{$rows * 16}" viewBox="0 0 500 {$rows * 16}" role="img">
      <xsl:for-each select="d:sweeps/d:item">
        <xsl:variable name="x" select="((position() - 1) mod 31) * 16 + 1"/>
        <xsl:variable name="y" select="floor((position() - 1) div 31) * 16 + 1"/>
        <xsl:choose>
          <xsl:when test="d:runs = 0">
            <rect x="{$x}" y="{$y}" width="13" height="13" fill="#ffffff" stroke="#b00020"/>
            <path d="M{$x + 3} {$y + 3} l7 7 m0 -7 l-7 7" stroke="#b00020" fill="none"/>
          </xsl:when>
          <xsl:when test="d:late &gt; 0">
            <rect x="{$x}" y="{$y}" width="13" height="13" fill="#f2b705"/>
            <circle cx="{$x + 6.5}" cy="{$y + 6.5}" r="2" fill="#1a1a1a"/>
          </xsl:when>
          <xsl:otherwise><rect x="{$x}" y="{$y}" width="13" height="13" fill="#2e7d4f"/></xsl:otherwise>
        </xsl:choose>
      </xsl:for-each>
    </svg>
    <xsl:call-template name="register"><xsl:with-param name="title">sweeps</xsl:with-param>
      <xsl:with-param name="columns">day examined# destroyed# lapsed# held# late#</xsl:with-param><xsl:with-param name="rows" select="d:sweeps/d:item[d:runs &gt; 0]"/></xsl:call-template>
    <xsl:if test="d:sweeps/d:item[d:runs = 0]">
      <h3><xsl:call-template name="label"><xsl:with-param name="id">gaps</xsl:with-param></xsl:call-template></h3>
      <p><xsl:for-each select="d:sweeps/d:item[d:runs = 0]"><xsl:if test="position() &gt; 1">, </xsl:if><xsl:call-template name="day"><xsl:with-param name="of" select="d:day"/></xsl:call-template></xsl:for-each></p>
    </xsl:if>
  </xsl:template>
  <xsl:template match="d:sweeps/d:item" mode="row">
    <tr>
      <td><xsl:call-template name="day"><xsl:with-param name="of" select="d:day"/></xsl:call-template></td>
      <xsl:call-template name="count"><xsl:with-param name="of" select="d:examined"/></xsl:call-template>
      <xsl:call-template name="count"><xsl:with-param name="of" select="d:destroyed"/></xsl:call-template>
      <xsl:call-template name="count"><xsl:with-param name="of" select="d:lapsed"/></xsl:call-template>
      <xsl:call-template name="count"><xsl:with-param name="of" select="d:held"/></xsl:call-template>
      <xsl:call-template name="count"><xsl:with-param name="of" select="d:late"/></xsl:call-template>
    </tr>
  </xsl:template>
  <xsl:template name="count">
    <xsl:param name="of"/>
    <td class="number"><xsl:choose><xsl:when test="$of"><xsl:call-template name="number"><xsl:with-param name="of" select="$of"/></xsl:call-template></xsl:when><xsl:otherwise>0</xsl:otherwise></xsl:choose></td>
  </xsl:template>

  <xsl:template name="deadlines">
    <xsl:call-template name="register"><xsl:with-param name="title">deadlines</xsl:with-param>
      <xsl:with-param name="columns">by-clause in-time# late# open# overdue#</xsl:with-param><xsl:with-param name="rows" select="d:deadlines/d:item"/></xsl:call-template>
    <xsl:call-template name="title2"><xsl:with-param name="id">requests</xsl:with-param></xsl:call-template>
    <xsl:call-template name="outcomes"/>
    <xsl:call-template name="days-left"/>
    <xsl:if test="d:requests/d:item">
      <table>
        <thead><tr><xsl:call-template name="head"><xsl:with-param name="ids">no kind channel at due closed result state pseudonym</xsl:with-param></xsl:call-template></tr></thead>
        <tbody><xsl:apply-templates select="d:requests/d:item" mode="row"/></tbody>
      </table>
    </xsl:if>
  </xsl:template>
  <xsl:template match="d:deadlines/d:item" mode="row">
    <tr>
      <td><xsl:value-of select="d:clause"/></td>
      <xsl:call-template name="count"><xsl:with-param name="of" select="d:in_time"/></xsl:call-template>
      <xsl:call-template name="count"><xsl:with-param name="of" select="d:late"/></xsl:call-template>
      <xsl:call-template name="count"><xsl:with-param name="of" select="d:open"/></xsl:call-template>
      <xsl:call-template name="count"><xsl:with-param name="of" select="d:overdue"/></xsl:call-template>
    </tr>
  </xsl:template>

  <!-- Requests by how their deadline was kept: one bar, with the numbers. -->
  <xsl:template name="outcomes">
    <xsl:variable name="all" select="count(d:requests/d:item)"/>
    <table><tbody>
      <xsl:call-template name="row"><xsl:with-param name="label">in-time</xsl:with-param><xsl:with-param name="value" select="string(count(d:requests/d:item[d:deadline = 'in_time']))"/></xsl:call-template>
      <xsl:call-template name="row"><xsl:with-param name="label">late</xsl:with-param><xsl:with-param name="value" select="string(count(d:requests/d:item[d:deadline = 'late']))"/></xsl:call-template>
      <xsl:call-template name="row"><xsl:with-param name="label">open</xsl:with-param><xsl:with-param name="value" select="string(count(d:requests/d:item[d:deadline = 'open']))"/></xsl:call-template>
      <xsl:call-template name="row"><xsl:with-param name="label">overdue</xsl:with-param><xsl:with-param name="value" select="string(count(d:requests/d:item[d:deadline = 'overdue']))"/></xsl:call-template>
    </tbody></table>
    <xsl:if test="$all &gt; 0">
      <xsl:variable name="a" select="count(d:requests/d:item[d:deadline = 'in_time']) div $all * 496"/>
      <xsl:variable name="b" select="count(d:requests/d:item[d:deadline = 'late']) div $all * 496"/>
      <xsl:variable name="c" select="count(d:requests/d:item[d:deadline = 'open']) div $all * 496"/>
      <svg xmlns="http://www.w3.org/2000/svg" width="500" height="24" viewBox="0 0 500 24" role="img">
        <rect x="2" y="4" width="{$a}" height="16" fill="#2e7d4f"/>
        <rect x="{2 + $a}" y="4" width="{$b}" height="16" fill="#f2b705"/>
        <rect x="{2 + $a + $b}" y="4" width="{$c}" height="16" fill="#9db7d5"/>
        <rect x="{2 + $a + $b + $c}" y="4" width="{496 - $a - $b - $c}" height="16" fill="#b00020"/>
        <rect x="2" y="4" width="496" height="16" fill="none" stroke="#1a1a1a" stroke-width="0.5"/>
      </svg>
    </xsl:if>
  </xsl:template>

  <!-- The twenty open requests whose day comes first. -->
  <xsl:template name="days-left">
    <xsl:variable name="open" select="d:requests/d:item[d:days_left]"/>
    <xsl:if test="$open">
      <h3><xsl:call-template name="label"><xsl:with-param name="id">days-left</xsl:with-param></xsl:call-template></h3>
      <xsl:variable name="n"><xsl:choose><xsl:when test="count($open) &gt; 20">20</xsl:when><xsl:otherwise><xsl:value-of select="count($open)"/></xsl:otherwise></xsl:choose></xsl:variable>
      <svg xmlns="http://www.w3.org/2000/svg" width="500" height="{$n * 15 + 2}" viewBox="0 0 500 {$n * 15 + 2}" role="img" font-family="DejaVu Sans, sans-serif" font-size="9">
        <xsl:for-each select="$open">
          <xsl:sort select="d:days_left" data-type="number"/>
          <xsl:if test="position() &lt;= 20">
            <xsl:variable name="y" select="(position() - 1) * 15 + 2"/>
            <xsl:variable name="left"><xsl:choose><xsl:when test="d:days_left &gt; 30">30</xsl:when><xsl:when test="d:days_left &lt; -30">-30</xsl:when><xsl:otherwise><xsl:value-of select="d:days_left"/></xsl:otherwise></xsl:choose></xsl:variable>
            <text x="0" y="{$y + 9}"><xsl:value-of select="concat('№&#xA0;', d:number)"/></text>
            <xsl:choose>
              <xsl:when test="d:deadline = 'overdue'"><rect x="{270 + $left * 6}" y="{$y}" width="{0.5 - $left * 6}" height="11" fill="#b00020"/></xsl:when>
              <xsl:otherwise><rect x="270" y="{$y}" width="{$left * 6 + 0.5}" height="11" fill="#2e7d4f"/></xsl:otherwise>
            </xsl:choose>
            <text x="480" y="{$y + 9}" text-anchor="end"><xsl:value-of select="d:days_left"/></text>
          </xsl:if>
        </xsl:for-each>
        <path d="M270 0 V{$n * 15 + 2}" stroke="#1a1a1a" stroke-width="0.5"/>
      </svg>
    </xsl:if>
  </xsl:template>
  <xsl:template match="d:requests/d:item" mode="row">
    <tr>
      <td><xsl:value-of select="d:number"/></td>
      <td><xsl:call-template name="word"><xsl:with-param name="kind">request</xsl:with-param><xsl:with-param name="id" select="d:kind"/></xsl:call-template></td>
      <td><xsl:call-template name="word"><xsl:with-param name="kind">channel</xsl:with-param><xsl:with-param name="id" select="d:channel"/></xsl:call-template></td>
      <td><xsl:call-template name="day"><xsl:with-param name="of" select="d:at"/></xsl:call-template></td>
      <td><xsl:call-template name="day"><xsl:with-param name="of" select="d:due"/></xsl:call-template></td>
      <td><xsl:call-template name="day"><xsl:with-param name="of" select="d:closed"/></xsl:call-template></td>
      <td><xsl:call-template name="word"><xsl:with-param name="kind">result</xsl:with-param><xsl:with-param name="id" select="d:result"/></xsl:call-template><xsl:if test="d:refusal">: <xsl:call-template name="word"><xsl:with-param name="kind">reason</xsl:with-param><xsl:with-param name="id" select="d:refusal"/></xsl:call-template></xsl:if></td>
      <td><xsl:call-template name="label"><xsl:with-param name="id" select="translate(d:deadline, '_', '-')"/></xsl:call-template></td>
      <td><xsl:value-of select="substring(d:pseudonym, 1, 8)"/>…</td>
    </tr>
  </xsl:template>

  <!-- How far the oldest record of a category has gone on its way to its limit. -->
  <xsl:template name="retention">
    <xsl:call-template name="title2"><xsl:with-param name="id">retention</xsl:with-param></xsl:call-template>
    <xsl:variable name="bars" select="d:retention/d:item[d:limit]"/>
    <xsl:if test="$bars">
      <svg xmlns="http://www.w3.org/2000/svg" width="500" height="{count($bars) * 15 + 2}" viewBox="0 0 500 {count($bars) * 15 + 2}" role="img" font-family="DejaVu Sans, sans-serif" font-size="8">
        <xsl:for-each select="$bars">
          <xsl:sort select="d:days_left" data-type="number"/>
          <xsl:variable name="y" select="(position() - 1) * 15 + 2"/>
          <xsl:variable name="part"><xsl:choose><xsl:when test="d:days_left &lt;= 0">1</xsl:when><xsl:otherwise><xsl:value-of select="d:days_kept div (d:days_kept + d:days_left)"/></xsl:otherwise></xsl:choose></xsl:variable>
          <text x="0" y="{$y + 9}"><xsl:call-template name="word"><xsl:with-param name="kind">category</xsl:with-param><xsl:with-param name="id" select="d:category"/></xsl:call-template></text>
          <rect x="200" y="{$y}" width="240" height="11" fill="#e6e6e6"/>
          <rect x="200" y="{$y}" width="{$part * 240}" height="11"><xsl:attribute name="fill"><xsl:choose><xsl:when test="d:days_left &lt; 0">#b00020</xsl:when><xsl:otherwise>#2e7d4f</xsl:otherwise></xsl:choose></xsl:attribute></rect>
          <text x="490" y="{$y + 9}" text-anchor="end"><xsl:value-of select="d:days_left"/></text>
        </xsl:for-each>
      </svg>
    </xsl:if>
    <xsl:if test="d:retention/d:item">
      <table>
        <thead><tr><xsl:call-template name="head"><xsl:with-param name="ids">category count# oldest limit days-left# by-clause</xsl:with-param></xsl:call-template></tr></thead>
        <tbody><xsl:apply-templates select="d:retention/d:item" mode="row"/></tbody>
      </table>
    </xsl:if>
  </xsl:template>
  <xsl:template match="d:retention/d:item" mode="row">
    <tr>
      <td><xsl:call-template name="word"><xsl:with-param name="kind">category</xsl:with-param><xsl:with-param name="id" select="d:category"/></xsl:call-template></td>
      <xsl:call-template name="count"><xsl:with-param name="of" select="d:records"/></xsl:call-template>
      <td><xsl:call-template name="day"><xsl:with-param name="of" select="d:oldest"/></xsl:call-template></td>
      <td><xsl:if test="d:limit"><xsl:call-template name="day"><xsl:with-param name="of" select="d:limit"/></xsl:call-template></xsl:if></td>
      <td class="number"><xsl:value-of select="d:days_left"/></td>
      <td><xsl:value-of select="d:clause"/></td>
    </tr>
  </xsl:template>

  <xsl:template name="others">
    <xsl:call-template name="register"><xsl:with-param name="title">consents</xsl:with-param><xsl:with-param name="columns">consent act count#</xsl:with-param><xsl:with-param name="rows" select="d:consents/d:item"/></xsl:call-template>
    <xsl:call-template name="register"><xsl:with-param name="title">disclosures</xsl:with-param><xsl:with-param name="columns">recipient country purpose count#</xsl:with-param><xsl:with-param name="rows" select="d:disclosures/d:item"/></xsl:call-template>
    <xsl:call-template name="register"><xsl:with-param name="title">holds</xsl:with-param><xsl:with-param name="columns">pseudonym basis authority at by-clause</xsl:with-param><xsl:with-param name="rows" select="d:holds/d:item"/></xsl:call-template>
    <xsl:call-template name="register"><xsl:with-param name="title">breaches</xsl:with-param><xsl:with-param name="columns">at due by-clause log-entry</xsl:with-param><xsl:with-param name="rows" select="d:breaches/d:item"/></xsl:call-template>
    <xsl:call-template name="register"><xsl:with-param name="title">destructions</xsl:with-param><xsl:with-param name="columns">by-clause subjects# records# late#</xsl:with-param><xsl:with-param name="rows" select="d:destructions/d:item"/></xsl:call-template>
    <xsl:call-template name="register"><xsl:with-param name="title">policies</xsl:with-param><xsl:with-param name="columns">at policy version log-entry</xsl:with-param><xsl:with-param name="rows" select="d:policies/d:item"/></xsl:call-template>
    <xsl:call-template name="register"><xsl:with-param name="title">events</xsl:with-param><xsl:with-param name="columns">type outcome count#</xsl:with-param><xsl:with-param name="rows" select="d:events/d:item"/></xsl:call-template>
  </xsl:template>
  <xsl:template match="d:consents/d:item" mode="row">
    <tr><td><xsl:call-template name="word"><xsl:with-param name="kind">consent</xsl:with-param><xsl:with-param name="id" select="d:consent"/></xsl:call-template></td>
      <td><xsl:call-template name="word"><xsl:with-param name="kind">act</xsl:with-param><xsl:with-param name="id" select="d:act"/></xsl:call-template></td>
      <xsl:call-template name="count"><xsl:with-param name="of" select="d:count"/></xsl:call-template></tr>
  </xsl:template>
  <xsl:template match="d:disclosures/d:item" mode="row">
    <tr><td><xsl:call-template name="word"><xsl:with-param name="kind">recipient</xsl:with-param><xsl:with-param name="id" select="d:recipient"/></xsl:call-template></td>
      <td><xsl:value-of select="d:country"/></td>
      <td><xsl:call-template name="word"><xsl:with-param name="kind">purpose</xsl:with-param><xsl:with-param name="id" select="d:purpose"/></xsl:call-template></td>
      <xsl:call-template name="count"><xsl:with-param name="of" select="d:count"/></xsl:call-template></tr>
  </xsl:template>
  <xsl:template match="d:holds/d:item" mode="row">
    <tr><td><xsl:value-of select="substring(d:pseudonym, 1, 8)"/>…</td>
      <td><xsl:call-template name="word"><xsl:with-param name="kind">basis</xsl:with-param><xsl:with-param name="id" select="d:basis"/></xsl:call-template></td>
      <td dir="auto"><xsl:value-of select="d:authority"/><xsl:if test="d:reference"><xsl:text> </xsl:text><xsl:value-of select="d:reference"/></xsl:if></td>
      <td><xsl:call-template name="time"><xsl:with-param name="of" select="d:at"/></xsl:call-template><xsl:if test="d:lifted"> – <xsl:call-template name="time"><xsl:with-param name="of" select="d:lifted"/></xsl:call-template></xsl:if></td>
      <td><xsl:call-template name="list"><xsl:with-param name="of" select="d:clauses/d:item"/></xsl:call-template></td></tr>
  </xsl:template>
  <xsl:template match="d:breaches/d:item" mode="row">
    <tr><td><xsl:call-template name="time"><xsl:with-param name="of" select="d:at"/></xsl:call-template></td>
      <td><xsl:call-template name="time"><xsl:with-param name="of" select="d:due"/></xsl:call-template></td>
      <td><xsl:call-template name="list"><xsl:with-param name="of" select="d:clauses/d:item"/></xsl:call-template></td>
      <xsl:call-template name="count"><xsl:with-param name="of" select="d:log_entry"/></xsl:call-template></tr>
  </xsl:template>
  <xsl:template match="d:destructions/d:item" mode="row">
    <tr><td><xsl:value-of select="d:clause"/></td>
      <xsl:call-template name="count"><xsl:with-param name="of" select="d:subjects"/></xsl:call-template>
      <xsl:call-template name="count"><xsl:with-param name="of" select="d:records"/></xsl:call-template>
      <xsl:call-template name="count"><xsl:with-param name="of" select="d:late"/></xsl:call-template></tr>
  </xsl:template>
  <xsl:template match="d:policies/d:item" mode="row">
    <tr><td><xsl:call-template name="time"><xsl:with-param name="of" select="d:at"/></xsl:call-template></td><td><xsl:value-of select="d:policy"/></td><td><xsl:value-of select="d:version"/></td>
      <xsl:call-template name="count"><xsl:with-param name="of" select="d:log_entry"/></xsl:call-template></tr>
  </xsl:template>
  <xsl:template match="d:events/d:item" mode="row">
    <tr><td><xsl:call-template name="word"><xsl:with-param name="kind">event</xsl:with-param><xsl:with-param name="id" select="d:type"/></xsl:call-template></td>
      <td><xsl:call-template name="word"><xsl:with-param name="kind">state</xsl:with-param><xsl:with-param name="id" select="d:outcome"/></xsl:call-template></td>
      <xsl:call-template name="count"><xsl:with-param name="of" select="d:count"/></xsl:call-template></tr>
  </xsl:template>

  <xsl:template name="queries">
    <xsl:call-template name="register"><xsl:with-param name="title">query</xsl:with-param><xsl:with-param name="columns">name query</xsl:with-param><xsl:with-param name="rows" select="d:numbers/d:item | d:queries/d:item"/></xsl:call-template>
  </xsl:template>
  <xsl:template match="d:numbers/d:item | d:queries/d:item" mode="row">
    <tr><td><xsl:call-template name="label"><xsl:with-param name="id" select="concat(d:name, d:section)"/></xsl:call-template></td><td><xsl:value-of select="d:query"/></td></tr>
  </xsl:template>
</xsl:stylesheet>
