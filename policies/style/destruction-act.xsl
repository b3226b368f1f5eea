<?xml version="1.0" encoding="UTF-8"?>
<!-- SPDX-License-Identifier: Apache-2.0 -->
<!-- The act of destruction of one day: who, what, why, how, and where the log proves it. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:d="urn:saqta:paper:1" exclude-result-prefixes="d">
  <xsl:include href="common.xsl"/>

  <xsl:template match="/paper"><xsl:apply-templates select="d:destruction-act"/></xsl:template>

  <xsl:template match="d:destruction-act">
    <xsl:variable name="title"><xsl:call-template name="label"><xsl:with-param name="id">destruction-act</xsl:with-param></xsl:call-template></xsl:variable>
    <xsl:call-template name="page">
      <xsl:with-param name="title" select="$title"/>
      <xsl:with-param name="body">
        <h1><xsl:value-of select="$title"/></h1>
        <table><tbody>
        <xsl:call-template name="row"><xsl:with-param name="label">controller</xsl:with-param><xsl:with-param name="value"><xsl:value-of select="d:controller/d:name"/><xsl:if test="d:controller/d:bin">, <xsl:call-template name="label"><xsl:with-param name="id">bin</xsl:with-param></xsl:call-template><xsl:text> </xsl:text><xsl:value-of select="d:controller/d:bin"/></xsl:if></xsl:with-param></xsl:call-template>
        <xsl:call-template name="row"><xsl:with-param name="label">day</xsl:with-param><xsl:with-param name="value"><xsl:call-template name="day"><xsl:with-param name="of" select="d:day"/></xsl:call-template></xsl:with-param></xsl:call-template>
        <xsl:call-template name="row"><xsl:with-param name="label">system</xsl:with-param><xsl:with-param name="value">saqta, <xsl:value-of select="d:log_origin"/></xsl:with-param></xsl:call-template>
        <xsl:call-template name="row"><xsl:with-param name="label">method</xsl:with-param><xsl:with-param name="value"><xsl:call-template name="label"><xsl:with-param name="id">method-text</xsl:with-param></xsl:call-template></xsl:with-param></xsl:call-template>
        <xsl:call-template name="row"><xsl:with-param name="label">subjects</xsl:with-param><xsl:with-param name="value"><xsl:call-template name="number"><xsl:with-param name="of" select="d:subjects"/></xsl:call-template></xsl:with-param></xsl:call-template>
        <xsl:call-template name="row"><xsl:with-param name="label">records</xsl:with-param><xsl:with-param name="value"><xsl:call-template name="number"><xsl:with-param name="of" select="d:records"/></xsl:call-template></xsl:with-param></xsl:call-template>
        <xsl:call-template name="row"><xsl:with-param name="label">policy</xsl:with-param><xsl:with-param name="value"><xsl:value-of select="d:policy/d:id"/>, <xsl:call-template name="label"><xsl:with-param name="id">version</xsl:with-param></xsl:call-template><xsl:text> </xsl:text><xsl:value-of select="d:policy/d:version"/></xsl:with-param></xsl:call-template>
        <xsl:call-template name="row"><xsl:with-param name="label">size</xsl:with-param><xsl:with-param name="value"><xsl:call-template name="number"><xsl:with-param name="of" select="d:log_size"/></xsl:call-template></xsl:with-param></xsl:call-template>
        <xsl:call-template name="row"><xsl:with-param name="label">root</xsl:with-param><xsl:with-param name="value"><xsl:value-of select="d:log_root"/></xsl:with-param></xsl:call-template>
        <xsl:call-template name="row"><xsl:with-param name="label">made</xsl:with-param><xsl:with-param name="value"><xsl:call-template name="time"><xsl:with-param name="of" select="d:made"/></xsl:call-template></xsl:with-param></xsl:call-template>
        <xsl:call-template name="row"><xsl:with-param name="label">responsible</xsl:with-param><xsl:with-param name="value"><xsl:value-of select="d:made_by"/></xsl:with-param></xsl:call-template>
        <xsl:call-template name="row"><xsl:with-param name="label">signature</xsl:with-param><xsl:with-param name="value">________________</xsl:with-param></xsl:call-template>
        </tbody></table>
        <xsl:call-template name="register"><xsl:with-param name="title">destructions</xsl:with-param><xsl:with-param name="columns">log-entry at pseudonym what records# reason sha256</xsl:with-param><xsl:with-param name="rows" select="d:destructions/d:item"/></xsl:call-template>
        <xsl:call-template name="clauses"/>
      </xsl:with-param>
    </xsl:call-template>
  </xsl:template>

  <xsl:template match="d:destructions/d:item" mode="row">
    <tr>
      <td><xsl:call-template name="number"><xsl:with-param name="of" select="d:log_entry"/></xsl:call-template><xsl:if test="d:past_log"> / <xsl:value-of select="d:past_log"/></xsl:if></td>
      <td><xsl:call-template name="time"><xsl:with-param name="of" select="d:at"/></xsl:call-template></td>
      <td><xsl:value-of select="substring(d:pseudonym, 1, 12)"/>…</td>
      <td><xsl:choose><xsl:when test="d:what = 'subject'"><xsl:call-template name="label"><xsl:with-param name="id">whole-subject</xsl:with-param></xsl:call-template></xsl:when><xsl:otherwise><xsl:call-template name="word"><xsl:with-param name="kind">category</xsl:with-param><xsl:with-param name="id" select="d:category"/></xsl:call-template></xsl:otherwise></xsl:choose></td>
      <td class="number"><xsl:value-of select="d:records"/></td>
      <td><xsl:call-template name="list"><xsl:with-param name="of" select="d:clauses/d:item"/></xsl:call-template></td>
      <td><xsl:if test="d:receipt_sha256"><xsl:value-of select="substring(d:receipt_sha256, 1, 16)"/>…</xsl:if></td>
    </tr>
  </xsl:template>
</xsl:stylesheet>
